"""An average of weights in memory of its own, moved towards the weights piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.flat import Flat
from nettrain.arrays.pieces import Lanes
from nettrain.arrays.threads import parallel

Array = npt.NDArray[Any]

CHUNK = 1 << 15  # weights; those, their average and scratch stay in the second-level cache


class Average:
    """Named arrays that are averages of others; all memory is set up here, so that moving them cannot fail.

    Notes    Chunks are cut by shape alone, so the bits are the same for any number of threads.
    """

    def __init__(self, weights: Flat, others: Mapping[str, Array]) -> None:
        """An average of the weights and of ``others``, which begins where they are."""
        self.weights, self.others = weights, dict(others)
        self.flat = Flat({name: view.shape for name, view in weights.views.items()}, weights.array.dtype)
        self.beside = {name: array.copy() for name, array in self.others.items()}
        np.copyto(self.flat.array, weights.array)
        size = weights.array.size
        self._spans = [slice(at, min(at + CHUNK, size)) for at in range(0, size, CHUNK)]
        self._lanes = Lanes.of(len(self._spans), CHUNK * weights.array.itemsize)
        self._scratch = np.empty((self._lanes.count, min(CHUNK, size)), weights.array.dtype)

    def move(self, share: float) -> None:
        """average <- average + share (weights - average)."""

        def lane(number: int) -> None:
            for index in self._lanes.pieces_of(number):
                span = self._spans[index]
                target = self.flat.array[span]
                step = self._scratch[number, : len(target)]
                np.subtract(self.weights.array[span], target, out=step)
                step *= share
                target += step

        parallel(self._lanes.count, lane, interruptible=False, nanoseconds=self.weights.array.size)
        for name, array in self.others.items():
            self.beside[name] += share * (array - self.beside[name])

    def state(self) -> dict[str, Array]:
        """Every average by the name of what it is of: views, not copies."""
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, Array]]:
        yield from self.flat.views.items()
        yield from self.beside.items()
