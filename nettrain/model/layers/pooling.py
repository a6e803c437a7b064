"""Pooling layers: each window, or each whole picture, as one number a channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Count, NoSettings, Record, Whole
from nettrain.model.layer import PartLayer, Pass
from nettrain.model.layers.conv2d import Pair, pair
from nettrain.ops.pooling import AveragePool, GlobalAveragePool, MaxPool


@dataclass(frozen=True)
class PoolConfig(
    Record, short="pool_size", aliases={"kernel_size": "pool_size", "size": "pool_size", "strides": "stride"}
):
    """Settings of a pooling layer; ``stride`` is the pool size if not given."""

    pool_size: Count | Pair = 2
    stride: Count | Pair | None = None
    padding: Literal["same", "valid", "keras_same"] | Whole = "valid"

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        size = min(pair(self.pool_size))
        if isinstance(self.padding, int) and self.padding >= size:
            yield "padding", f"must be below the pool size {size}, or a window sees only padding, got {self.padding}"

    @property
    def window(self) -> Window:
        size = pair(self.pool_size)
        return Window(size, size if self.stride is None else pair(self.stride), (1, 1), self.padding)


class MaxPool2d(PartLayer):
    """The largest pixel of each window.  Shapes: (N, H, W, C) -> (N, P, Q, C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: PoolConfig, shape: Shape) -> None:
        self.window = settings.window

    def part(self, now: Pass) -> Part:
        return MaxPool(self.window)


class AvgPool2d(PartLayer):
    """The mean pixel of each window, padding counted as zeros.  Shapes: (N, H, W, C) -> (N, P, Q, C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: PoolConfig, shape: Shape) -> None:
        self.window = settings.window

    def part(self, now: Pass) -> Part:
        return AveragePool(self.window)


class GlobalAvgPool(PartLayer):
    """The mean pixel of each picture.  Shapes: (N, H, W, C) -> (N, C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def part(self, now: Pass) -> Part:
        return GlobalAveragePool()
