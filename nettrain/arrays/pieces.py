"""How work is cut: pieces of pictures and lanes of sums, by shape alone, never by the number of threads.

A *piece* is a run of pictures that one task handles while they are in cache. A sum over all pictures that is as large
as a weight goes through *lanes*: each lane takes a run of neighbouring pieces in order into an accumulator of its own,
and the lanes are added in order. Neither depends on who does the work, so the bits do not either.

Loops over pieces go back and forth, so that most begin where the one before ended: what was touched last is still in
cache, and a batch is larger than the cache. Which way a loop goes touches no bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from nettrain.arrays import memory
from nettrain.arrays.threads import parallel

Array = npt.NDArray[Any]

SMALLEST_PIECE, LARGEST_PIECE = 4, 32  # pictures of a piece in training
PIECE_NUMBERS = 1 << 16  # of the larger of input and output, so that a piece stays in the second-level cache
DENSE_PIECE = 128  # rows of a dense layer in training
INFERENCE_ROWS = 8  # rows of every dense product at inference, padded
MULTIPLICATIONS_A_NANOSECOND = 100
MAX_LANES = 16
TOTAL_NUMBERS = 1 << 15  # of each lane that are added up at a time
LANES_BYTES = 32 << 20  # all accumulators of one sum together


def pictures_a_piece(recorded: bool, *numbers: int) -> int:
    """How many pictures go together: one at inference, about 4 in training, more where pictures are small.

    ``numbers`` are the sizes of one picture where it comes in and where it goes out.
    """
    return min(max(PIECE_NUMBERS // max(*numbers, 1), SMALLEST_PIECE), LARGEST_PIECE) if recorded else 1


def product_nanoseconds(multiplications: int) -> float:
    """About how long so many multiplications and additions in matrix products take one thread."""
    return multiplications / MULTIPLICATIONS_A_NANOSECOND


@dataclass(frozen=True, slots=True)
class Pieces:
    """The cut of ``pictures`` into runs of ``size``."""

    pictures: int
    size: int

    def __len__(self) -> int:
        return -(-self.pictures // self.size)

    def __getitem__(self, index: int) -> slice:
        return slice(index * self.size, min((index + 1) * self.size, self.pictures))

    def each(self, run: Callable[[int, slice], None], nanoseconds: float = math.inf) -> None:
        """Run every piece once, on all threads; ``nanoseconds`` is about what the whole takes one of them."""
        back_and_forth(len(self), lambda index: run(index, self[index]), nanoseconds)


@dataclass(frozen=True, slots=True)
class Lanes:
    """The assignment of pieces to accumulators."""

    pieces: int
    count: int

    @classmethod
    def of(cls, pieces: int, accumulator_bytes: int) -> Lanes:
        fitting = LANES_BYTES // max(accumulator_bytes, 1)
        return cls(pieces, max(1, min(MAX_LANES, pieces, fitting)))

    def pieces_of(self, lane: int) -> Iterator[int]:
        return iter(range(lane * self.pieces // self.count, (lane + 1) * self.pieces // self.count))

    def each(self, run: Callable[[int, int], None]) -> None:
        """Run ``run(lane, piece)`` for every piece: lanes on all threads, the pieces of a lane in order."""

        def one(lane: int) -> None:
            for piece in self.pieces_of(lane):
                run(lane, piece)

        back_and_forth(self.count, one)


class _Direction:
    """Which way the last loop went."""

    upwards = False


_direction = _Direction()


def back_and_forth(tasks: int, run: Callable[[int], None], nanoseconds: float = math.inf) -> None:
    """Call ``run(i)`` once for every i in 0 .. tasks - 1, on all threads, the other way round than the call before.

    Errors   those of ``parallel``; of several tasks that fail, the one that this loop would have come to first.
    """
    _direction.upwards = not _direction.upwards
    last = tasks - 1
    parallel(tasks, run if _direction.upwards else lambda i: run(last - i), nanoseconds=nanoseconds)


class Sum:
    """A sum as large as a weight, one accumulator a lane; the first term of a lane is written, later ones are added.

    Shapes   ``accumulators`` is (lanes, *shape).
    """

    def __init__(self, lanes: Lanes, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self.accumulators = memory.empty((lanes.count, *shape), dtype)
        self._begun = [False] * lanes.count

    def place(self, lane: int) -> tuple[Array, bool]:
        """Where the next term of a lane goes, and whether it is to be added there; otherwise it is the first."""
        begun, self._begun[lane] = self._begun[lane], True
        return self.accumulators[lane], begun

    def total(self) -> Array:
        """The lanes added in order; the result is the first lane's memory."""
        for lane, begun in zip(self.accumulators, self._begun, strict=True):
            if not begun:
                lane.fill(0)
        total: Array = self.accumulators[0]
        flat = self.accumulators.reshape(len(self.accumulators), -1)

        def cut(index: int) -> None:
            lanes = flat[:, index * TOTAL_NUMBERS : (index + 1) * TOTAL_NUMBERS]
            for lane in lanes[1:]:
                lanes[0] += lane

        parallel(-(-flat.shape[1] // TOTAL_NUMBERS), cut, nanoseconds=flat.size / 2)
        return total
