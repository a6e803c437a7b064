"""The Euclidean norm of many numbers, added up in float64 and always in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BLOCK = 4096  # numbers that are squared and added at a time: in float64 they stay in the first-level cache


def squares_memory() -> npt.NDArray[np.float64]:
    """Memory for ``sum_of_squares``, of which every thread needs its own."""
    return np.empty(BLOCK, np.float64)


def sum_of_squares(x: Array, memory: npt.NDArray[np.float64]) -> float:
    """The sum of the squares of (n,) numbers; ``memory`` is overwritten, and nothing is allocated.

    Notes    Blocks of ``BLOCK`` are added in order, so the bits follow from the numbers alone. The squares of float32
             numbers neither overflow nor vanish in float64.
    """
    total = 0.0
    for start in range(0, len(x), BLOCK):
        part = memory[: min(BLOCK, len(x) - start)]
        part[...] = x[start : start + BLOCK]
        total += float(part.dot(part))
    return total
