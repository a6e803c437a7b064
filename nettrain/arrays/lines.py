"""Numbers by channel repeated along a line, so that NumPy's loops are long where a picture has few channels."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LINE = 4096  # numbers: what is repeated stays in the first-level cache
SHORT_LINE = 256  # numbers: where each picture has its own, no more are made than the loops need


class Lines:
    """Arrays (n,...,C) of one shape seen as lines (rows, repeat*C)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        C, inner = shape[-1], shape[1:-1]
        choices = [math.prod(inner[i:]) for i in range(len(inner) + 1)]  # all pixels, a row of them, one
        self.repeat = next((count for count in choices if count * C <= LINE), 1)
        self.length = self.repeat * C

    def repeated(self, by_channel: Array) -> Array:
        """(...,C) -> (...,repeat*C)."""
        line = np.empty((*by_channel.shape[:-1], self.repeat, by_channel.shape[-1]), by_channel.dtype)
        line[...] = by_channel[..., None, :]
        return line.reshape(*by_channel.shape[:-1], self.length)

    def of(self, piece: Array) -> Array:
        """(n,...,C), contiguous -> (rows,repeat*C), a view."""
        return piece.reshape(-1, self.length)

    def add_up(self, piece: Array, out: Array) -> None:
        """The sum of the lines of a piece, (n,...,C) -> (repeat*C), as a product with ones: faster than ``sum(0)``."""
        lines = self.of(piece)
        np.matmul(_ones(len(lines), piece.dtype), lines, out=out[None])

    def by_channel(self, lines: Array) -> npt.NDArray[np.float64]:
        """What stands along lines added up for each channel, (...,repeat*C) -> (...,C), in float64."""
        folded: npt.NDArray[np.float64] = lines.reshape(*lines.shape[:-1], self.repeat, -1).sum(-2, dtype=np.float64)
        return folded


class PictureLines:
    """Arrays (n,...,C) of one shape seen as lines of each picture (n,rows,repeat*C), for numbers of each picture."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.channels, inner = shape[-1], shape[1:-1]
        choices = [math.prod(inner[i:]) for i in reversed(range(len(inner) + 1))]  # one pixel, a row of them, all
        self.repeat = next((count for count in choices if count * self.channels >= SHORT_LINE), choices[-1])
        self.length = self.repeat * self.channels

    def of(self, piece: Array) -> Array:
        """(n,...,C), contiguous -> (n,rows,repeat*C), a view."""
        return piece.reshape(len(piece), -1, self.length)

    def repeated(self, by_group: Array, dtype: npt.DTypeLike) -> Array:
        """(n,groups), each group as many neighbouring channels -> (n,1,repeat*C)."""
        n, groups = by_group.shape
        lines = np.empty((n, self.repeat, groups, self.channels // groups), dtype)
        lines[...] = by_group[:, None, :, None]
        return lines.reshape(n, 1, self.length)

    def sums(self, piece: Array, groups: int) -> npt.NDArray[np.float64]:
        """The sum of each group of each picture, (n,...,C) -> (n,groups): first by a product, the rest in float64."""
        lines = self.of(piece)
        summed = np.matmul(_ones(lines.shape[1], piece.dtype), lines).reshape(len(piece), self.repeat, self.channels)
        sums: npt.NDArray[np.float64] = summed.sum(axis=1, dtype=np.float64)
        return sums if groups == self.channels else sums.reshape(len(piece), groups, -1).sum(axis=2)


@cache
def _ones(count: int, dtype: np.dtype[Any]) -> Array:
    ones = np.ones((1, count), dtype)
    ones.flags.writeable = False
    return ones


@lru_cache(maxsize=64)
def zero_picture(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros of one picture's shape, read-only: NumPy compares with an array three times faster than with a number."""
    zeros = np.zeros(shape, dtype)
    zeros.flags.writeable = False
    return zeros
