"""3x3 convolution with stride 1 as batched matrix products at 36 pairs of points: Winograd's F(4x4, 3x3).

A piece of pictures goes through five products: its columns to points, its rows to points, the product with the filters
at every pair of points, and both ways back. Backwards one transform of the gradient serves both gradients, and the
filters' gradient is summed at the points and taken back once a step.

Letters beside those of the house: b and a, the point of a column and of a row; s and r, strips of columns and of rows;
u and t, tiles within a strip.

Source   Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, algorithm 1; the transforms as dense
         matrices over strips are our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from nettrain.arrays.convolution.kernel import pictures_of
from nettrain.arrays.convolution.strips import Group, Strips, strips_of
from nettrain.arrays.convolution.toom_cook import POINTS_IN_ALL, TAPS, filter_transform
from nettrain.arrays.scratch import bench, scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]

PAIRS = POINTS_IN_ALL**2
FEWEST_CHANNELS = 16  # in and out: below, the products are too narrow to pay for the transforms


def fits(window: Window, size: Pair, channels: int, filters: int, groups: int) -> bool:
    """Whether this kernel can do a convolution, and does it faster than patches: by shape alone."""
    plain = window.size == (TAPS, TAPS) and window.stride == window.dilation == (1, 1) and groups == 1
    narrow = all(before < TAPS for before, _ in window.pads(*size))
    return plain and narrow and min(channels, filters) >= FEWEST_CHANNELS and min(window.output_size(*size)) > 1


class Winograd:
    """Forward and both gradients for pieces (n,H,W,C) -> (n,P,Q,K).

    Notes    Errors are 1e-6 to 4e-6 of the largest result in float32, forward and both gradients: up to 6 times those
             of patches.
    """

    def __init__(self, size: Pair, weight: tuple[int, ...], window: Window, dtype: npt.DTypeLike) -> None:
        _, _, self.C, self.K = weight
        self.dtype = np.dtype(dtype)
        places = window.output_size(*size)
        pads = [before for before, _ in window.pads(*size)]
        self.there = _Plan(*(strips_of(n, p, pad) for n, p, pad in zip(size, places, pads, strict=True)))
        self.back = _Plan(*(strips_of(p, n, 2 - pad) for n, p, pad in zip(size, places, pads, strict=True)))
        self.accumulator = (PAIRS, self.C, self.K)
        self.pictures = pictures_of(PAIRS * self.there.tiles * max(self.C, self.K) * self.dtype.itemsize)

    def weights(self, weight: Array) -> Array:
        """The filters (3,3,C,K) at every pair of points: (36,C,K)."""
        return self._at_points(weight.reshape(TAPS**2, self.C, self.K), flipped=False)

    def weights_back(self, weight: Array) -> Array:
        """The filters as the gradient meets them, turned and with channels exchanged: (36,K,C)."""
        return self._at_points(weight.reshape(TAPS**2, self.C, self.K).swapaxes(1, 2), flipped=True)

    def forward(self, x: Array, weights: Array, out: Array) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,K)."""
        way = self._way(self.there, len(x), self.C, self.K)
        way.to_points(x)
        np.matmul(way.points, weights, out=way.products)
        way.from_points(out)

    def backward(
        self, x: Array, g: Array, weights: Array | None, dx: Array | None, dw: Array | None, add: bool
    ) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw`` (36,C,K), or add it there.

        Shapes   x and dx (n,H,W,C), g (n,P,Q,K); ``dx`` or ``dw`` may be None: not wanted.
        """
        way = self._way(self.back, len(g), self.K, self.C)
        way.to_points(g)
        if dx is not None and weights is not None:
            np.matmul(way.points, weights, out=way.products)
            way.from_points(dx)
        if dw is not None:
            way.spread(x)
            transposed = way.products.swapaxes(1, 2)
            if add:
                dw += np.matmul(transposed, way.points, out=scratch("term", self.accumulator, self.dtype))
            else:
                np.matmul(transposed, way.points, out=dw)

    def weight_gradient(self, total: Array) -> Array:
        """From the sum at the points, (36,C,K), to the gradient of the filters (3,3,C,K)."""
        transform = filter_transform(flipped=True).T.astype(self.dtype)
        return (transform @ total.reshape(PAIRS, -1)).reshape(TAPS, TAPS, self.C, self.K)

    def _at_points(self, filters: Array, *, flipped: bool) -> Array:
        transform = filter_transform(flipped=flipped).astype(self.dtype)
        return (transform @ filters.reshape(TAPS**2, -1)).reshape(PAIRS, *filters.shape[1:])

    def _way(self, plan: _Plan, n: int, C: int, K: int) -> _Way:
        return bench((plan, n, C, K, self.dtype.char), lambda: _Way(plan, n, C, K, self.dtype))


@dataclass(frozen=True, slots=True)
class _Plan:
    """The strips of rows and of columns."""

    rows: Strips
    columns: Strips

    @property
    def tiles(self) -> int:
        """Tiles of a picture, those that stick out included."""
        return self.rows.tiles * self.rows.strips * self.columns.tiles * self.columns.strips


@cache
def _matrix(strips: Strips, which: str, index: int, kind: str) -> Array:
    """A group's matrix in the dtype of the pictures."""
    group: Group = getattr(strips, which)[index]
    return group.matrix.astype(kind)


class _Way:
    """Views over a thread's scratch for pieces of n pictures, from C channels to K.

    Shapes   points (36,rows,C) and products (36,rows,K), a row for each tile of each picture.
    """

    def __init__(self, plan: _Plan, n: int, C: int, K: int, dtype: np.dtype[Any]) -> None:
        self.plan, self.n, self.kind = plan, n, dtype.char
        rows, columns = plan.rows, plan.columns
        R, t, S, u = rows.strips, rows.tiles, columns.strips, columns.tiles
        tiles = t * R * n * S * u
        self.points = scratch("points", (PAIRS, tiles, C), dtype)
        self.products = scratch("products", (PAIRS, tiles, K), dtype)
        height = max(rows.pixels, rows.places)
        by_column = scratch("columns", (n, height, S, POINTS_IN_ALL * u, max(C, K)), dtype).reshape(-1)
        self.into = _half(by_column, n, rows.pixels, S, u, C)
        self.out = _half(by_column, n, rows.places, S, u, K)

        def by_strip(at_points: Array, channels: int) -> Array:
            """(36,rows,.) as (R,n,S,b,(a t),u*.): what goes into, or comes out of, the transform of rows."""
            laid = at_points.reshape(POINTS_IN_ALL, POINTS_IN_ALL * t, R, n, S, u * channels)
            return laid.transpose(2, 3, 4, 0, 1, 5)

        points, products = by_strip(self.points, C), by_strip(self.products, K)
        self.rows_into = [
            (_matrix(rows, "into", i, self.kind), _rows_of(self.into, group, u * C), _strips_of(points, group))
            for i, group in enumerate(rows.into)
        ]
        self.rows_out = [
            (_matrix(rows, "out", i, self.kind), _strips_of(products, group), _rows_of(self.out, group, u * K))
            for i, group in enumerate(rows.out)
        ]
        self.rows_spread = [
            (_matrix(rows, "spread", i, self.kind), _rows_of(self.out, group, u * K), _strips_of(products, group))
            for i, group in enumerate(rows.spread)
        ]

    def to_points(self, x: Array) -> None:
        """Fill ``points`` from a piece (n,H,W,C)."""
        for i, group in enumerate(self.plan.columns.into):
            target = self.into[:, :, group.first : group.first + group.count]
            np.matmul(_matrix(self.plan.columns, "into", i, self.kind), _columns_of(x, group), out=target)
        for matrix, source, target in self.rows_into:
            np.matmul(matrix, source, out=target)

    def from_points(self, y: Array) -> None:
        """Write a piece (n,P,Q,K) from ``products``."""
        for matrix, source, target in self.rows_out:
            np.matmul(matrix, source, out=target)
        for i, group in enumerate(self.plan.columns.out):
            source = self.out[:, :, group.first : group.first + group.count]
            np.matmul(_matrix(self.plan.columns, "out", i, self.kind), source, out=_columns_of(y, group))

    def spread(self, y: Array) -> None:
        """Fill ``products`` from a piece (n,P,Q,K) by the transpose of ``from_points``."""
        for i, group in enumerate(self.plan.columns.spread):
            target = self.out[:, :, group.first : group.first + group.count]
            np.matmul(_matrix(self.plan.columns, "spread", i, self.kind), _columns_of(y, group), out=target)
        for matrix, source, target in self.rows_spread:
            np.matmul(matrix, source, out=target)


def _half(block: Array, n: int, height: int, S: int, u: int, channels: int) -> Array:
    """The view (n,H,S,6*u,C) of what lies between the transforms of columns and of rows."""
    shape = (n, height, S, POINTS_IN_ALL * u, channels)
    return block[: int(np.prod(shape))].reshape(shape)


def _columns_of(x: Array, group: Group) -> Array:
    """(n,H,W,C), contiguous, as (n,H,count,length,C): the columns of each strip of a group; strips may share some."""
    n, H, _, C = x.shape
    s_n, s_h, s_w, s_c = x.strides
    strides = (s_n, s_h, s_w * group.step, s_w, s_c)
    return np.ndarray((n, H, group.count, group.length, C), x.dtype, x, s_w * group.start, strides)


def _rows_of(half: Array, group: Group, width: int) -> Array:
    """(n,H,S,6*u,C) as (count,n,S,b,length,u*C): the rows of each strip of a group."""
    n, _, S = half.shape[:3]
    s_n, s_h, s_s, _, s_c = half.strides
    shape = (group.count, n, S, POINTS_IN_ALL, group.length, width)
    return as_strided(half[:, group.start :], shape, (s_h * group.step, s_n, s_s, s_c * width, s_h, s_c))


def _strips_of(by_strip: Array, group: Group) -> Array:
    """The strips of a group."""
    return by_strip[group.first : group.first + group.count]
