"""The convolution layer: the same small window of weights at every place of a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Count
from nettrain.model.layer import Pass
from nettrain.model.layers.linear_map import LinearMap
from nettrain.model.layers.window_map import WindowMapConfig
from nettrain.ops.conv2d import conv2d


@dataclass(frozen=True)
class Conv2dConfig(WindowMapConfig, aliases={"out_channels": "filters"}):
    """Settings of ``conv2d``; sizes are one number, or [rows, columns]."""

    filters: Count
    groups: Count = 1

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        if self.filters % self.groups:
            yield "groups", f"{self.filters} filters do not divide into {self.groups} groups"


class Conv2d(LinearMap):
    """y = activation(norm(weight * x + bias)), * a convolution.

    Shapes   (N, H, W, C) -> (N, P, Q, filters); weight (R, S, C/groups, filters).
    """

    takes = "(H,W,C)"

    def __init__(self, settings: Conv2dConfig, shape: Shape) -> None:
        _, _, C = (int(dim) for dim in shape)
        R, S = settings.window.size
        self.window, self.groups = settings.window, settings.groups
        if C % self.groups:
            raise ValueError(f"{C} channels in do not divide into {self.groups} groups")
        fans = (R * S * C // self.groups, R * S * settings.filters // self.groups)
        super().__init__(settings, (R, S, C // self.groups, settings.filters), fans, settings.filters)

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        return conv2d(x, self.weight, window=self.window, groups=self.groups, epilogue=[*self.epilogue(now), *after])
