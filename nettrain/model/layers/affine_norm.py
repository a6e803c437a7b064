"""What the norms that look at one picture at a time have in common: a scale and a shift for each channel."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Chosen, Positive, Record
from nettrain.model.layer import Parameter, PartLayer


@dataclass(frozen=True, kw_only=True)
class AffineNormConfig(Record, aliases={"eps": "epsilon"}):
    """Settings of every such norm."""

    epsilon: Positive = 1e-5


class AffineNorm(PartLayer):
    """A norm with weight and bias (C), and nothing to keep from one batch to the next."""

    def __init__(self, settings: AffineNormConfig, shape: Shape) -> None:
        self.settings = settings
        self.weight = Parameter(shape[-1:], Chosen("ones", None))
        self.bias = Parameter(shape[-1:], Chosen("zeros", None))
