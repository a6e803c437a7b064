"""The settings of windows over clips: sizes are one number, or [frames, rows, columns]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nettrain.arrays.clip_windows import ClipWindow
from nettrain.config.fields import Record
from nettrain.model.layers.window_settings import Padding, Pixels, window_faults

Triple = tuple[Pixels, Pixels, Pixels]


def triple(value: int | tuple[int, int, int]) -> tuple[int, int, int]:
    """One number for all three axes, or (frames, rows, columns)."""
    return (value, value, value) if isinstance(value, int) else value


@dataclass(frozen=True)
class Pool3dConfig(
    Record, short="pool_size", aliases={"kernel_size": "pool_size", "size": "pool_size", "strides": "stride"}
):
    """Settings of a pooling layer over clips; ``stride`` is the pool size if not given."""

    pool_size: Pixels | Triple = 2
    stride: Pixels | Triple | None = None
    padding: Padding = "valid"

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from window_faults(self.window)

    @property
    def window(self) -> ClipWindow:
        size = triple(self.pool_size)
        return ClipWindow(size, size if self.stride is None else triple(self.stride), (1, 1, 1), self.padding)
