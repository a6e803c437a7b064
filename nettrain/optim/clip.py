"""Gradients cut down to size before the optimizer sees them: all together by their norm, or each by its value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.norm import squares_memory, sum_of_squares
from nettrain.arrays.pieces import Lanes
from nettrain.arrays.threads import parallel
from nettrain.optim.settings import OptimizerConfig

Array = npt.NDArray[Any]

RUN = 1 << 15  # numbers that are added up in one go


class Clip:
    """What ``clip_norm`` and ``clip_value`` ask for, over flat memory of one size.

    By norm: g <- g c / |g| if |g| > c, where |g| is the Euclidean norm of all gradients together. By value: what is
    beyond c or -c becomes c or -c.

    Notes    The norm is added up in float64, run by run in order; runs are cut by the size alone, so the bits do not
             depend on threads. All memory is set up beforehand. Nothing is added to |g|, where PyTorch adds 1e-6.
    Source   Pascanu, Mikolov, Bengio, "On the Difficulty of Training Recurrent Neural Networks", 2013, algorithm 1.
    """

    def __init__(self, settings: OptimizerConfig, size: int) -> None:
        self._most_norm, self._most_value = settings.clip_norm, settings.clip_value
        self._runs = [slice(start, min(start + RUN, size)) for start in range(0, size, RUN)]
        self._lanes = Lanes.of(len(self._runs), 0)
        self._memory = [squares_memory() for _ in range(self._lanes.count)] if self._most_norm is not None else []
        self._sums = [0.0] * len(self._runs)

    def __call__(self, gradients: Array) -> None:
        """Clip flat gradients in place."""
        if self._most_value is not None:
            low, high = -self._most_value, self._most_value
            self._each(gradients, lambda lane, index, g: np.clip(g, low, high, out=g))
        if self._most_norm is not None and (norm := self._norm(gradients)) > self._most_norm:
            factor = self._most_norm / norm
            self._each(gradients, lambda lane, index, g: np.multiply(g, factor, out=g))

    def _norm(self, gradients: Array) -> float:
        def add_up(lane: int, index: int, g: Array) -> None:
            self._sums[index] = sum_of_squares(g, self._memory[lane])

        self._each(gradients, add_up)
        return math.sqrt(sum(self._sums))

    def _each(self, gradients: Array, do: Callable[[int, int, Array], object]) -> None:
        """Call ``do(lane, index, numbers)`` for every run, on all threads."""

        def run(lane: int) -> None:
            for index in self._lanes.pieces_of(lane):
                do(lane, index, gradients[self._runs[index]])

        parallel(self._lanes.count, run, interruptible=False, nanoseconds=gradients.size)
