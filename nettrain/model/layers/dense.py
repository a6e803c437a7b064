"""The dense layer: every output neuron is joined to every input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Count
from nettrain.model.layer import Pass
from nettrain.model.layers.linear_map import LinearMap, LinearMapConfig
from nettrain.ops.linear import linear


@dataclass(frozen=True)
class DenseConfig(LinearMapConfig, short="units", aliases={"out_features": "units"}):
    """Settings of ``dense``; ``units: classes`` is the number of classes found in the data."""

    units: Count | Literal["classes"]


class Dense(LinearMap):
    """y = activation(norm(x @ weight + bias)).  Shapes: (N, C) -> (N, units)."""

    takes = "(C)"

    def __init__(self, settings: DenseConfig, shape: Shape) -> None:
        (inputs,) = shape
        fans = tuple(dim if isinstance(dim, int) else 1 for dim in (inputs, settings.units))
        super().__init__(settings, (inputs, settings.units), (fans[0], fans[1]), settings.units)

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        return linear(x, self.weight, epilogue=[*self.epilogue(now), *after])
