"""Convolution by patches, for every stride, padding, dilation and group: windows copied to rows, then one product.

Backwards, too, there is one copy of patches, of the gradient: pixel h of a picture is reached through the taps r with
h + pad = p a + r d (stride a, dilation d). The pixels that leave the same rest when divided by the stride share their
taps, and for them the gradient of the picture is a convolution of ``g`` with stride 1 by those taps. Its patches times
the filters are the gradient of the pixels, and transposed times the pixels the gradient of the filters.

Source   Chellapilla, Puri, Simard, "High Performance Convolutional Neural Networks for Document Processing", 2006;
         Dumoulin, Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from nettrain.arrays.convolution.kernel import PIECE_BYTES, one_by_one, pictures_of
from nettrain.arrays.padding import padded
from nettrain.arrays.products import by_blocks, summed_product
from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]


class Patches:
    """Forward and both gradients for pieces (n,H,W,C) -> (n,P,Q,K), with filters (R,S,D,K), D = C / groups."""

    def __init__(self, size: Pair, weight: tuple[int, ...], window: Window, groups: int, dtype: npt.DTypeLike) -> None:
        R, S, self.D, self.K = weight
        self.size, self.window, self.groups, self.dtype = size, window, groups, np.dtype(dtype)
        self.C = self.D * groups
        self.places = window.output_size(*size)
        self.phases = list(_phases(size, self.places, window))
        self.margins = tuple(_margins([phase.axis(i) for phase in self.phases], self.places[i]) for i in (0, 1))
        self.accumulator = (groups, R * S * self.K // groups, self.D)
        there = R * S * self.C * prod(self.places)
        back = max(prod(len(axis.taps) * axis.count for axis in (p.rows, p.columns)) for p in self.phases) * self.K
        self.picture_bytes = max(there, back) * self.dtype.itemsize
        self.pictures = pictures_of(self.picture_bytes)

    def weights(self, weight: Array) -> Array:
        """(groups, R*S*D, K/groups)."""
        R, S, D, K = weight.shape
        by_group = weight.reshape(R * S * D, self.groups, K // self.groups).swapaxes(0, 1)
        return np.ascontiguousarray(by_group)

    def weights_back(self, weight: Array) -> list[Array]:
        """For each phase (groups, taps*K/groups, D)."""
        R, S, D, K = weight.shape
        by_group = weight.reshape(R, S, D, self.groups, K // self.groups).transpose(3, 0, 1, 4, 2)  # (G,R,S,K,D)
        return [
            np.ascontiguousarray(by_group[:, phase.rows.taps][:, :, phase.columns.taps]).reshape(self.groups, -1, D)
            for phase in self.phases
        ]

    def forward(self, x: Array, weights: Array, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,K)."""
        if apart and len(x) > 1:
            one_by_one(self.forward, x, weights, out)
            return
        (a, b), (d, e), (R, S), (P, Q) = self.window.stride, self.window.dilation, self.window.size, self.places
        around = padded(x, self.window.pads(*self.size))
        for band in self._bands(len(x), P):
            patches = self._patches(around, (band.start * a, 0), (len(band), Q), (a, b), (R, S), (d, e))
            into = out[:, band.start : band.stop].reshape(-1, self.groups, self.K // self.groups)
            by_blocks(patches, weights, into.swapaxes(0, 1))

    def backward(
        self, x: Array, g: Array, weights: list[Array] | None, dx: Array | None, dw: Array | None, add: bool
    ) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw``, or add it there.

        Shapes   x and dx (n,H,W,C), g (n,P,Q,K), dw as ``accumulator``: the taps phase by phase.
        """
        n, (a, b) = len(x), self.window.stride
        rows_around, columns_around = self.margins
        around = padded(g, (rows_around, columns_around))
        start = 0
        for index, phase in enumerate(self.phases):
            rows, columns = phase.rows, phase.columns
            taps = len(rows.taps) * len(columns.taps)
            span = slice(start, start + taps * self.K // self.groups)
            start = span.stop
            for band in self._bands(n, rows.count):
                lines = slice(rows.first + band.start * a, rows.first + band.stop * a, a)
                pixels = slice(None), lines, slice(columns.first, None, b)
                if not taps:
                    if dx is not None:
                        dx[pixels] = 0
                    continue
                origin = (rows_around[0] + rows.offset + band.start, columns_around[0] + columns.offset)
                counts, steps = (len(band), columns.count), (rows.step, columns.step)
                patches = self._patches(around, origin, counts, (1, 1), (len(rows.taps), len(columns.taps)), steps)
                if dx is not None and weights is not None:
                    self._by_pixels(patches, weights[index], dx[pixels])
                if dw is not None:
                    self._by_taps(patches, x[pixels], dw[:, span], add or band.start > 0)

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (R,S,D,K) from the sum over all pieces."""
        (R, S), G, K = self.window.size, self.groups, self.K // self.groups
        dw = np.zeros((R, S, self.D, G, K), self.dtype)
        start = 0
        for phase in self.phases:
            rows, columns = phase.rows.taps, phase.columns.taps
            span = slice(start, start + len(rows) * len(columns) * K)
            start = span.stop
            taps = total[:, span].reshape(G, len(rows), len(columns), K, self.D)
            for (i, r), (j, s) in product(enumerate(rows), enumerate(columns)):
                dw[r, s] = taps[:, i, j].transpose(2, 0, 1)
        return dw.reshape(R, S, self.D, self.K)

    def _bands(self, n: int, rows: int) -> Iterator[range]:
        """Runs of rows whose patches stay near the cache; one where there are several pictures."""
        band = rows if n > 1 else max(1, rows * PIECE_BYTES // self.picture_bytes)
        return (range(start, min(start + band, rows)) for start in range(0, rows, band))

    def _patches(self, around: Array, origin: Pair, count: Pair, step: Pair, taps: Pair, dilation: Pair) -> Array:
        """Windows of (n,.,.,G*D) from ``origin`` on, as rows: (G, n*count, taps*D)."""
        n, _, _, channels = around.shape
        s_n, s_h, s_w, s_c = around.strides
        G, D = self.groups, channels // self.groups
        view = as_strided(
            around[:, origin[0] :, origin[1] :],
            (G, n, *count, *taps, D),
            (D * s_c, s_n, s_h * step[0], s_w * step[1], s_h * dilation[0], s_w * dilation[1], s_c),
        )
        rows = scratch("patches", view.shape, self.dtype)
        np.copyto(rows, view)
        return rows.reshape(G, n * prod(count), prod(taps) * D)

    def _by_pixels(self, patches: Array, weights: Array, dx: Array) -> None:
        """Patches times filters into the pixels (n,.,.,C) of a phase."""
        whole = dx if dx.flags.c_contiguous else scratch("phase", dx.shape, self.dtype)
        by_blocks(patches, weights, whole.reshape(-1, self.groups, self.D).swapaxes(0, 1))
        if whole is not dx:
            np.copyto(dx, whole)

    def _by_taps(self, patches: Array, x: Array, dw: Array, add: bool) -> None:
        """Patches transposed times the pixels (n,.,.,C) of a phase: the gradient of its taps."""
        if not x.flags.c_contiguous:
            whole = scratch("phase", x.shape, self.dtype)
            np.copyto(whole, x)
            x = whole
        pixels = x.reshape(-1, self.groups, self.D).swapaxes(0, 1)
        summed_product(patches.swapaxes(1, 2), pixels, dw, add=add)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Along one axis: the pixels first, first + a, ... (``count`` of them), and the taps that reach them.

    Pixel number i is reached by tap number j through ``g[i + offset + j * step]``.
    """

    first: int
    count: int
    taps: list[int]
    offset: int
    step: int


@dataclass(frozen=True, slots=True)
class _Phase:
    """Pixels of the pictures that share their taps."""

    rows: _Axis
    columns: _Axis

    def axis(self, index: int) -> _Axis:
        return (self.rows, self.columns)[index]


def _phases(size: Pair, places: Pair, window: Window) -> Iterator[_Phase]:
    axes = [list(_axis_phases(size[i], window, i, window.pads(*size)[i][0])) for i in (0, 1)]
    return (_Phase(rows, columns) for rows, columns in product(*axes))


def _axis_phases(length: int, window: Window, axis: int, pad: int) -> Iterator[_Axis]:
    stride, dilation = window.stride[axis], window.dilation[axis]
    for first in range(min(stride, length)):
        taps = [r for r in reversed(range(window.size[axis])) if (first + pad - r * dilation) % stride == 0]
        offsets = [(first + pad - r * dilation) // stride for r in taps]  # they rise by equal steps
        step = offsets[1] - offsets[0] if len(offsets) > 1 else 1
        yield _Axis(first, -(-(length - first) // stride), taps, offsets[0] if offsets else 0, step)


def _margins(axes: list[_Axis], places: int) -> Pair:
    """How far the taps reach over the ends of ``g``."""
    starts = [axis.offset for axis in axes if axis.taps]
    ends = [axis.offset + axis.step * (len(axis.taps) - 1) + axis.count for axis in axes if axis.taps]
    return max(0, -min(starts, default=0)), max(0, max(ends, default=0) - places)
