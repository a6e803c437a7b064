"""The activation whose slope below 0 is learnt: a layer, or the activation of a conv, dense or residual one."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Chosen, Rate, Record
from nettrain.model.initialisers import FilledConfig
from nettrain.model.layer import Parameter, PartLayer, Pass
from nettrain.ops.prelu import Prelu


@dataclass(frozen=True)
class PreluConfig(Record, short="init"):
    """Settings of ``prelu``: each channel's slope begins at ``init``."""

    init: Rate = 0.25


class PreluLayer(PartLayer):
    """x where it is positive, elsewhere times its channel's slope, which is learnt, best without weight decay.

    Shapes   (N, ..., C) -> the same; weight (C).
    Notes    Weight decay would pull the slopes to 0, towards a plain relu; He et al. train them without it.
    """

    def __init__(self, settings: PreluConfig, shape: Shape) -> None:
        self.weight = Parameter(shape[-1:], Chosen("constant", FilledConfig(settings.init)))

    def part(self, now: Pass) -> Part:
        return Prelu(self.weight)
