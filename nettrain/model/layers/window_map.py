"""The settings of layers whose linear map slides over pictures: of the convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nettrain.arrays.windows import Window
from nettrain.model.layers.linear_map import LinearMapConfig
from nettrain.model.layers.window_settings import Padding, Pair, Pixels, pair, window_faults


@dataclass(frozen=True, kw_only=True)
class WindowMapConfig(
    LinearMapConfig, aliases={"kernel": "kernel_size", "strides": "stride", "dilation_rate": "dilation"}
):
    """Settings of every convolution; sizes are one number, or [rows, columns]."""

    kernel_size: Pixels | Pair
    stride: Pixels | Pair = 1
    padding: Padding = "same"
    dilation: Pixels | Pair = 1

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        yield from window_faults(self.window)

    @property
    def window(self) -> Window:
        return Window(pair(self.kernel_size), pair(self.stride), pair(self.dilation), self.padding)
