"""The dropout layer."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Fraction, Record
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops import dropout


@dataclass(frozen=True)
class DropoutConfig(Record, short="rate", aliases={"p": "rate"}):
    """Settings of ``dropout``; ``rate`` is the probability of dropping."""

    rate: Fraction


class Dropout(PartLayer):
    """In training, numbers set to 0 at random and the others scaled up; otherwise nothing.  Shapes: any -> the same."""

    def __init__(self, settings: DropoutConfig, shape: Shape) -> None:
        self.rate = settings.rate

    def part(self, now: Pass) -> Part:
        if not now.training:
            return Part()
        return dropout.Dropout(self.rate, seed=now.seed, layer=self.name, epoch=now.epoch, start=now.start)
