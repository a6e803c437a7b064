"""The settings of windows, which convolution and pooling share: sizes are one number, or [rows, columns]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.windows import Window
from nettrain.config.fields import Limit, Record

LARGEST = 4096  # pixels: of a side of a picture, and so of anything that slides over one
Pixels = Annotated[int, Limit(1, LARGEST)]
Pair = tuple[Pixels, Pixels]
Padding = Literal["same", "valid", "keras_same"] | Annotated[int, Limit(0, LARGEST)]


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """One number for both axes, or (rows, columns)."""
    return (value, value) if isinstance(value, int) else value


def window_faults(window: Window | ClipWindow) -> Iterator[tuple[str, str]]:
    """The faults of a dilation of nothing, and of a padding so wide that a window could see nothing else."""
    dilated = [size for size, dilation in zip(window.size, window.dilation, strict=True) if dilation > 1]
    if dilated and max(dilated) == 1:
        yield "dilation", "has no effect where the window is one pixel long; leave it out"
    span = min(window.span)
    if isinstance(window.padding, int) and window.padding >= span:
        yield "padding", f"must be below {span}, or a window sees only padding, got {window.padding}"


@dataclass(frozen=True)
class PoolConfig(
    Record, short="pool_size", aliases={"kernel_size": "pool_size", "size": "pool_size", "strides": "stride"}
):
    """Settings of a pooling layer; ``stride`` is the pool size if not given."""

    pool_size: Pixels | Pair = 2
    stride: Pixels | Pair | None = None
    padding: Padding = "valid"

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from window_faults(self.window)

    @property
    def window(self) -> Window:
        size = pair(self.pool_size)
        return Window(size, size if self.stride is None else pair(self.stride), (1, 1), self.padding)
