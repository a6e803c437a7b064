"""One axis of a picture cut in strips of tiles, and the matrices that take a strip to its points and back.

The transforms of all tiles of a strip are one dense matrix with the zero padding folded in: no padded copy, no gather
of tiles. A strip has two tiles (8 pixels out, 10 in): more would waste products with the zeros of the matrix, fewer
would make the products too small to run fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nettrain.arrays.convolution.toom_cook import OUTPUTS, POINTS_IN_ALL, TAPS, matrices

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Strips that one batched product transforms: those of ``strips``, whose windows lie at equal distances.

    Units    pixels: the first of them reads ``length`` from ``start`` on, each next one ``step`` further.
    Shapes   ``matrices`` (count,.,.), or (1,.,.) where they are all the same.
    """

    strips: slice
    start: int
    step: int
    length: int
    matrices: F64

    @property
    def count(self) -> int:
        return len(range(self.strips.start, self.strips.stop, self.strips.step))


@dataclass(frozen=True, slots=True, eq=False)
class Strips:
    """One axis: ``pixels`` in, ``places`` out; ``strips`` of ``tiles`` each.

    ``into`` takes pixels to points, a row for each (point, tile); ``out`` takes points to places; ``spread`` is the
    transpose of ``out``. The groups of ``out`` and ``spread`` say where a strip's places are.
    """

    pixels: int
    places: int
    tiles: int
    strips: int
    into: tuple[Group, ...]
    out: tuple[Group, ...]
    spread: tuple[Group, ...]


@cache
def strips_of(pixels: int, places: int, pad: int) -> Strips:
    """The strips of an axis that a filter of 3 slides over, with ``pad`` zeros before the first pixel."""
    tiles = _tiles_a_strip(-(-places // OUTPUTS))
    step = tiles * OUTPUTS
    strips = -(-places // step)
    window = min(pixels, step + TAPS - 1)  # the same for all: where padding is, it lies over pixels of no use
    starts = [min(max(strip * step - pad, 0), pixels - window) for strip in range(strips)]
    into = [_into(tiles, strip * step - pad, start, window) for strip, start in enumerate(starts)]
    full, rest = divmod(places, step)
    out, spread = [], []
    for run, length in ((slice(0, full, 1), step), (slice(full, strips, 1), rest)):
        if run.stop > run.start:
            matrix = _out(tiles)[:length]
            out.append(Group(run, run.start * step, step, length, matrix[None]))
            spread.append(Group(run, run.start * step, step, length, np.ascontiguousarray(matrix.T)[None]))
    return Strips(pixels, places, tiles, strips, tuple(_grouped(starts, window, into)), tuple(out), tuple(spread))


def _tiles_a_strip(tiles: int) -> int:
    """Two, or all of them where there are no more than three."""
    return tiles if tiles <= 3 else 2


def _into(tiles: int, origin: int, start: int, length: int) -> F64:
    """(6*tiles, length): pixels from ``start`` on to the points of tiles that begin at pixel ``origin``."""
    matrix = np.zeros((POINTS_IN_ALL, tiles, length))
    for tile in range(tiles):
        for k in range(POINTS_IN_ALL):
            pixel = origin + tile * OUTPUTS + k
            if start <= pixel < start + length:
                matrix[:, tile, pixel - start] = matrices()[2][:, k]
    return matrix.reshape(POINTS_IN_ALL * tiles, length)


def _out(tiles: int) -> F64:
    """(4*tiles, 6*tiles): points to places."""
    matrix = np.zeros((tiles, OUTPUTS, POINTS_IN_ALL, tiles))
    for tile in range(tiles):
        matrix[tile, :, :, tile] = matrices()[0]
    return matrix.reshape(tiles * OUTPUTS, POINTS_IN_ALL * tiles)


def _grouped(starts: list[int], length: int, by_strip: list[F64]) -> list[Group]:
    """The strips in few groups, within which the windows are equally far apart."""
    groups = []
    for run in _runs(starts):
        chosen, own = starts[run], by_strip[run]
        same = all(np.array_equal(matrix, own[0]) for matrix in own)
        step = chosen[1] - chosen[0] if len(chosen) > 1 else 0
        groups.append(Group(run, chosen[0], step, length, np.stack(own[:1] if same else own)))
    return groups


def _runs(starts: list[int]) -> list[slice]:
    """All in one run if they are even; else the two at the ends, which are always, and even runs of those between."""
    last = len(starts) - 1
    if _even(starts):
        return [slice(0, last + 1, 1)]
    runs, begin = [slice(0, last + 1, last)], 1
    while begin < last:
        end = begin + 1
        while end < last and _even(starts[begin : end + 1]):
            end += 1
        runs.append(slice(begin, end, 1))
        begin = end
    return runs


def _even(starts: list[int]) -> bool:
    return len({b - a for a, b in pairwise(starts)}) <= 1
