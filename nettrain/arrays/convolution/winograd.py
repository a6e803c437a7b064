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
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from nettrain.arrays.convolution.kernel import pictures_of
from nettrain.arrays.convolution.strips import Group, Strips, strips_of
from nettrain.arrays.convolution.toom_cook import OUTPUTS, POINTS_IN_ALL, TAPS, filter_transform
from nettrain.arrays.scratch import laid_out, scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]

PAIRS = POINTS_IN_ALL**2
MOST_NUMBERS = 1 << 23  # of a picture at its points; a larger one goes through bands of patches
FEWEST_CHANNELS = 16  # in and out: below, the products are too narrow to pay for the transforms


def fits(size: Pair, weight: tuple[int, ...], window: Window, groups: int) -> bool:
    """Whether this kernel can do a convolution, and does it faster than patches."""
    plain = window.size == (TAPS, TAPS) and window.stride == window.dilation == (1, 1) and groups == 1
    narrow = all(before < TAPS for before, _ in window.pads(*size))
    P, Q = window.output_size(*size)
    at_points = PAIRS * -(-P // OUTPUTS) * -(-Q // OUTPUTS) * max(weight[2:])
    wide = min(weight[2:]) >= FEWEST_CHANNELS
    return plain and narrow and wide and min(P, Q) > 1 and at_points <= MOST_NUMBERS


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
        rows, columns = ((n, p, pad) for n, p, pad in zip(size, places, pads, strict=True))
        self.there = _Plan(strips_of(*rows), strips_of(*columns), self.C, self.K, self.dtype)
        rows, columns = ((p, n, 2 - pad) for n, p, pad in zip(size, places, pads, strict=True))
        self.back = _Plan(strips_of(*rows), strips_of(*columns), self.K, self.C, self.dtype)
        self.accumulator = (PAIRS, self.C, self.K)
        self.pictures = pictures_of(PAIRS * self.there.tiles * max(self.C, self.K) * self.dtype.itemsize)

    def weights(self, weight: Array) -> Array:
        """The filters (3,3,C,K) at every pair of points: (36,C,K)."""
        return self._at_points(weight.reshape(TAPS**2, self.C, self.K), flipped=False)

    def weights_back(self, weight: Array) -> Array:
        """The filters as the gradient meets them, turned and with channels exchanged: (36,K,C)."""
        return self._at_points(weight.reshape(TAPS**2, self.C, self.K).swapaxes(1, 2), flipped=True)

    def forward(self, x: Array, weights: Array, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,K).

        Notes    ``apart``: at every pair of points a product for each picture, one after the other.
        """
        way = self._way(self.there, len(x), apart=apart)
        way.to_points(x)
        np.matmul(way.points, weights[:, None] if apart else weights, out=way.products)
        way.from_points(out)

    def backward(
        self, x: Array, g: Array, weights: Array | None, dx: Array | None, dw: Array | None, add: bool
    ) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw`` (36,C,K), or add it there.

        Shapes   x and dx (n,H,W,C), g (n,P,Q,K); ``dx`` or ``dw`` may be None: not wanted.
        """
        way = self._way(self.back, len(g))
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
        transform = _filter_transform(True, self.dtype).T
        return (transform @ total.reshape(PAIRS, -1)).reshape(TAPS, TAPS, self.C, self.K)

    def _at_points(self, filters: Array, *, flipped: bool) -> Array:
        transform = _filter_transform(flipped, self.dtype)
        return (transform @ filters.reshape(TAPS**2, -1)).reshape(PAIRS, *filters.shape[1:])

    def _way(self, plan: _Plan, n: int, *, apart: bool = False) -> _Way:
        return laid_out((plan, n, apart), lambda: _Way(plan, n, apart=apart))


@cache
def _filter_transform(flipped: bool, dtype: np.dtype[Any]) -> Array:
    return filter_transform(flipped=flipped).astype(dtype)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The strips of rows and of columns, and the channels in and out."""

    rows: Strips
    columns: Strips
    C: int
    K: int
    dtype: np.dtype[Any]

    @property
    def tiles(self) -> int:
        """Tiles of a picture, those that stick out included."""
        return self.rows.tiles * self.rows.strips * self.columns.tiles * self.columns.strips


Product = tuple[Array, Array, Array]  # matrices, what they multiply, where the result goes


class _Way:
    """Every product that takes pieces of n pictures from C channels to K, laid out over a thread's scratch.

    Shapes   points (36,rows,C) and products (36,rows,K), a row for each tile of each picture; ``apart``
             (36,n,rows,C) and (36,n,rows,K), a row for each tile of one.
    """

    def __init__(self, plan: _Plan, n: int, *, apart: bool = False) -> None:
        rows, columns, C, K, dtype = plan.rows, plan.columns, plan.C, plan.K, plan.dtype
        R, t, S, u = rows.strips, rows.tiles, columns.strips, columns.tiles
        outer, inner = (n, 1) if apart else (1, n)  # pictures outside the pairs of points, or within the rows
        rows_of_one = t * R * inner * S * u
        at_points = [
            scratch(role, (outer, PAIRS, rows_of_one, channels), dtype)
            for role, channels in (("points", C), ("products", K))
        ]
        self.points, self.products = (at.swapaxes(0, 1) if apart else at[0] for at in at_points)
        height = max(rows.pixels, rows.places)
        between = scratch("columns", (n * height * S * POINTS_IN_ALL * u * max(C, K),), dtype)
        into, out = _between(between, n, rows.pixels, S, u, C), _between(between, n, rows.places, S, u, K)
        points, products = (_by_strip(at, inner, R, t, S) for at in at_points)
        shape_in, shape_out = (n, rows.pixels, columns.pixels, C), (n, rows.places, columns.places, K)
        self._columns_into = [
            (g.matrices.astype(dtype), _Windows(shape_in, g, dtype), into[:, :, g.strips]) for g in columns.into
        ]
        self._columns_out = [
            (g.matrices.astype(dtype), out[:, :, g.strips], _Windows(shape_out, g, dtype)) for g in columns.out
        ]
        self._columns_spread = [
            (g.matrices.astype(dtype), _Windows(shape_out, g, dtype), out[:, :, g.strips]) for g in columns.spread
        ]
        self._rows_into = [(_over_rows(g, dtype), _rows_of(into, g, u * C), points[g.strips]) for g in rows.into]
        self._rows_out = [(_over_rows(g, dtype), products[g.strips], _rows_of(out, g, u * K)) for g in rows.out]
        self._rows_spread = [(_over_rows(g, dtype), _rows_of(out, g, u * K), products[g.strips]) for g in rows.spread]

    def to_points(self, x: Array) -> None:
        """Fill ``points`` from a piece (n,H,W,C)."""
        for matrices, windows, target in self._columns_into:
            np.matmul(matrices, windows.of(x), out=target)
        _multiply(self._rows_into)

    def from_points(self, y: Array) -> None:
        """Write a piece (n,P,Q,K) from ``products``."""
        _multiply(self._rows_out)
        for matrices, source, windows in self._columns_out:
            np.matmul(matrices, source, out=windows.of(y))

    def spread(self, y: Array) -> None:
        """Fill ``products`` from a piece (n,P,Q,K) by the transpose of ``from_points``."""
        for matrices, windows, target in self._columns_spread:
            np.matmul(matrices, windows.of(y), out=target)
        _multiply(self._rows_spread)


def _multiply(products: list[Product]) -> None:
    for matrices, source, target in products:
        np.matmul(matrices, source, out=target)


class _Windows:
    """Contiguous (n,H,W,C) as (n,H,count,length,C): the columns of each strip of a group; strips may share some."""

    def __init__(self, shape: tuple[int, int, int, int], group: Group, dtype: np.dtype[Any]) -> None:
        n, H, W, C = shape
        pixel = C * dtype.itemsize
        self.shape = (n, H, group.count, group.length, C)
        self.strides = (H * W * pixel, W * pixel, group.step * pixel, pixel, dtype.itemsize)
        self.offset, self.dtype = group.start * pixel, dtype

    def of(self, x: Array) -> Array:
        """A view, made ten times faster than by ``as_strided``."""
        return np.ndarray(self.shape, self.dtype, x, self.offset, self.strides)


def _between(block: Array, n: int, height: int, S: int, u: int, channels: int) -> Array:
    """The view (n,H,S,6*u,C) of what lies between the transforms of columns and of rows."""
    shape = (n, height, S, POINTS_IN_ALL * u, channels)
    return block[: prod(shape)].reshape(shape)


def _by_strip(at_points: Array, inner: int, R: int, t: int, S: int) -> Array:
    """(outer,36,rows,C) as (R,n,S,b,(a t),u*C): what goes into, or comes out of, the transform of rows."""
    outer, *_ = at_points.shape
    laid = at_points.reshape(outer, POINTS_IN_ALL, POINTS_IN_ALL * t, R, inner, S, -1)
    by_picture = laid.transpose(3, 0, 4, 5, 1, 2, 6)  # (R,outer,inner,S,b,(a t),u*C), and outer or inner is 1
    return by_picture[:, :, 0] if inner == 1 else by_picture[:, 0]


def _over_rows(group: Group, dtype: np.dtype[Any]) -> Array:
    """A group's matrices (count,1,1,1,.,.), one for each strip of rows."""
    return group.matrices.astype(dtype)[:, None, None, None]


def _rows_of(between: Array, group: Group, width: int) -> Array:
    """(n,H,S,6*u,C) as (count,n,S,b,length,u*C): the rows of each strip of a group."""
    n, _, S = between.shape[:3]
    s_n, s_h, s_s, _, s_c = between.strides
    shape = (group.count, n, S, POINTS_IN_ALL, group.length, width)
    return as_strided(between[:, group.start :], shape, (s_h * group.step, s_n, s_s, s_c * width, s_h, s_c))
