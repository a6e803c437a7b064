"""The layer of stochastic depth, for the end of a residual block or of a branch."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Fraction, Record
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops import drop_path


@dataclass(frozen=True)
class DropPathConfig(Record, short="rate", aliases={"p": "rate", "drop_prob": "rate"}):
    """Settings of ``drop_path``; ``rate`` is the probability that a picture goes without what comes before."""

    rate: Fraction


class DropPath(PartLayer):
    """In training, whole pictures set to 0 at random and the others scaled up.  Shapes: any -> the same."""

    def __init__(self, settings: DropPathConfig, shape: Shape) -> None:
        self.rate = settings.rate

    def part(self, now: Pass) -> Part:
        if not now.training:
            return Part()
        return drop_path.DropPath(self.rate, seed=now.seed, layer=self.name, epoch=now.epoch, start=now.start)
