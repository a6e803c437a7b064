"""The convolution layer for clips: the same small window of weights at every place of a clip, in time too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from nettrain.arrays.clip_windows import ClipWindow
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Count
from nettrain.model.layer import Pass
from nettrain.model.layers.clip_window_settings import Triple, triple
from nettrain.model.layers.linear_map import LinearMap, LinearMapConfig
from nettrain.model.layers.window_settings import Padding, Pixels, window_faults
from nettrain.ops.conv3d import conv3d


@dataclass(frozen=True, kw_only=True)
class Conv3dConfig(
    LinearMapConfig,
    aliases={
        "out_channels": "filters",
        "kernel": "kernel_size",
        "strides": "stride",
        "dilation_rate": "dilation",
    },
):
    """Settings of ``conv3d``; sizes are one number, or [frames, rows, columns]."""

    filters: Count
    kernel_size: Pixels | Triple
    stride: Pixels | Triple = 1
    padding: Padding = "same"
    dilation: Pixels | Triple = 1
    groups: Count = 1

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        yield from window_faults(self.window)
        if self.filters % self.groups:
            yield "groups", f"{self.filters} filters do not divide into {self.groups} groups"

    @property
    def window(self) -> ClipWindow:
        return ClipWindow(triple(self.kernel_size), triple(self.stride), triple(self.dilation), self.padding)


class Conv3d(LinearMap):
    """y = activation(norm(weight * x + bias)), * a convolution over frames, rows and columns.

    Shapes   (N, T, H, W, C) -> (N, L, P, Q, filters); weight (U, R, S, C/groups, filters).
    """

    takes = "(T,H,W,C)"

    def __init__(self, settings: Conv3dConfig, shape: Shape) -> None:
        C, taps = int(shape[-1]), prod(settings.window.size)
        self.window, self.groups = settings.window, settings.groups
        if C % self.groups:
            raise ValueError(f"{C} channels in do not divide into {self.groups} groups")
        fans = (taps * C // self.groups, taps * settings.filters // self.groups)
        weight = (*self.window.size, C // self.groups, settings.filters)
        super().__init__(settings, weight, fans, settings.filters)

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        return conv3d(x, self.weight, window=self.window, groups=self.groups, epilogue=[*self.epilogue(now), *after])
