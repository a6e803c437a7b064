"""The settings of layers whose linear map slides over pictures: of the convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nettrain.arrays.windows import Window
from nettrain.model.layers.linear_map import LinearMapConfig
from nettrain.model.layers.window_settings import Padding, Pair, Pixels, padding_fault, pair


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
        if pair(self.kernel_size) == (1, 1) and pair(self.dilation) != (1, 1):
            yield "dilation", "has no effect on a window of one pixel; leave it out"
        yield from padding_fault(self.window)

    @property
    def window(self) -> Window:
        return Window(pair(self.kernel_size), pair(self.stride), pair(self.dilation), self.padding)
