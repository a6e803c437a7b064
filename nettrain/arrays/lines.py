"""Numbers by channel repeated along a line, so that NumPy's loops are long where a picture has few channels."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LINE = 4096  # numbers: what is repeated stays in the first-level cache


class Lines:
    """Arrays (n,...,C) of one shape seen as lines (rows, repeat*C)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        C, inner = shape[-1], shape[1:-1]
        choices = [math.prod(inner[i:]) for i in range(len(inner) + 1)]  # all pixels, a row of them, one
        self.repeat = next((count for count in choices if count * C <= LINE), 1)
        self.length = self.repeat * C

    def repeated(self, by_channel: Array) -> Array:
        """(C) -> (repeat*C)."""
        line = np.empty((self.repeat, len(by_channel)), by_channel.dtype)
        line[...] = by_channel
        return line.reshape(-1)

    def of(self, piece: Array) -> Array:
        """(n,...,C), contiguous -> (rows,repeat*C), a view."""
        return piece.reshape(-1, self.length)

    def sums(self, piece: Array) -> npt.NDArray[np.float64]:
        """The sum of each channel, (n,...,C) -> (C): lines added up as a product with ones, then folded in float64.

        Notes    A product with ones is several times faster than ``sum(0)``, and each chain of float32 additions is
                 only as long as there are lines.
        """
        lines = self.of(piece)
        by_place = np.ones((1, len(lines)), piece.dtype) @ lines
        folded: npt.NDArray[np.float64] = by_place.reshape(self.repeat, -1).sum(axis=0, dtype=np.float64)
        return folded


@cache
def zero_picture(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros of one picture's shape, read-only: NumPy compares with an array three times faster than with a number."""
    zeros = np.zeros(shape, dtype)
    zeros.flags.writeable = False
    return zeros
