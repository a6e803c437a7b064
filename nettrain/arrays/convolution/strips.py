"""One axis of a picture cut in strips of tiles, and the matrices that take a strip to its points and back.

The transforms of all tiles of a strip are one dense matrix with the zero padding folded in: no padded copy, no gather
of tiles. A strip has two tiles (8 pixels out, 10 in): more would waste products with the zeros of the matrix, fewer
would make the products too small to run fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from nettrain.arrays.convolution.toom_cook import OUTPUTS, POINTS_IN_ALL, matrices

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbouring strips that share a matrix: ``count`` of them from strip ``first``.

    Units   pixels: strip ``first`` reads ``length`` of them from ``start``; each next one begins ``step`` further on.
    """

    first: int
    count: int
    start: int
    length: int
    step: int
    matrix: F64


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
    into, out = [], []
    for strip in range(strips):
        start, stop = max(0, strip * step - pad), min(pixels, (strip + 1) * step - pad + 2)
        into.append(Group(strip, 1, start, stop - start, step, _into(tiles, strip * step - pad, start, stop)))
        length = min(step, places - strip * step)
        out.append(Group(strip, 1, strip * step, length, step, _out(tiles)[:length]))
    spread = [Group(g.first, 1, g.start, g.length, step, np.ascontiguousarray(g.matrix.T)) for g in out]
    return Strips(pixels, places, tiles, strips, _joined(into), _joined(out), _joined(spread))


def _tiles_a_strip(tiles: int) -> int:
    """Two, or all of them where there are no more than three."""
    return tiles if tiles <= 3 else 2


def _into(tiles: int, origin: int, start: int, stop: int) -> F64:
    """(6*tiles, stop-start): pixels start .. stop - 1 to the points of tiles that begin at pixel ``origin``."""
    matrix = np.zeros((POINTS_IN_ALL, tiles, stop - start))
    for tile in range(tiles):
        for k in range(POINTS_IN_ALL):
            pixel = origin + tile * OUTPUTS + k
            if start <= pixel < stop:
                matrix[:, tile, pixel - start] = matrices()[2][:, k]
    return matrix.reshape(POINTS_IN_ALL * tiles, stop - start)


def _out(tiles: int) -> F64:
    """(4*tiles, 6*tiles): points to places."""
    matrix = np.zeros((tiles, OUTPUTS, POINTS_IN_ALL, tiles))
    for tile in range(tiles):
        matrix[tile, :, :, tile] = matrices()[0]
    return matrix.reshape(tiles * OUTPUTS, POINTS_IN_ALL * tiles)


def _joined(groups: list[Group]) -> tuple[Group, ...]:
    """Neighbours with the same matrix, at equal steps, as one group."""
    joined: list[Group] = []
    for group in groups:
        last = joined[-1] if joined else None
        if (
            last is not None
            and np.array_equal(last.matrix, group.matrix)
            and group.start == last.start + last.count * last.step
        ):
            joined[-1] = Group(last.first, last.count + 1, last.start, last.length, last.step, last.matrix)
        else:
            joined.append(group)
    return tuple(joined)
