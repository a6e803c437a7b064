"""Convolution of each channel with a filter of its own: a tap at a time, multiplied and added along whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.convolution.kernel import MOST_PICTURES
from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]

PIECE_BYTES = 1 << 19  # the picture, its result and one product stay in the second-level cache together


def fits(weight: tuple[int, ...], groups: int) -> bool:
    """Whether this kernel can do a convolution: one channel in and one out for each group."""
    return weight[2] == 1 and weight[3] == groups > 1


class Depthwise:
    """Forward and both gradients for pieces (n,H,W,C) -> (n,P,Q,C), with filters (R,S,1,C).

    Notes    Filters are repeated along the lines of the result, so that a product runs over Q*C numbers at once.
    """

    def __init__(self, size: Pair, weight: tuple[int, ...], window: Window, dtype: npt.DTypeLike) -> None:
        self.taps, self.C = weight[:2], weight[3]
        self.size, self.window, self.dtype = size, window, np.dtype(dtype)
        self.places = window.output_size(*size)
        self.accumulator = (self.taps[0] * self.taps[1], self.C)
        picture = size[0] * size[1] * self.C * self.dtype.itemsize
        self.pictures = min(max(PIECE_BYTES // picture, 1), MOST_PICTURES)

    def weights(self, weight: Array) -> Array:
        """(R*S,Q*C)."""
        return np.tile(weight.reshape(-1, self.C), (1, self.places[1]))

    weights_back = weights

    def forward(self, x: Array, weights: Array, out: Array) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,C)."""
        term = scratch("term", out.shape, self.dtype)
        for tap, pixels in enumerate(self._places(self._padded(x))):
            by_place = weights[tap].reshape(self.places[1], self.C)
            if tap:
                np.multiply(pixels, by_place, out=term)
                out += term
            else:
                np.multiply(pixels, by_place, out=out)

    def backward(
        self, x: Array, g: Array, weights: Array | None, dx: Array | None, dw: Array | None, add: bool
    ) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw`` (R*S,C), or add it there."""
        term = scratch("term", g.shape, self.dtype)
        if dw is not None:
            lines = term.reshape(-1, self.places[1] * self.C)
            ones = np.ones((1, len(lines)), self.dtype)
            for tap, pixels in enumerate(self._places(self._padded(x))):
                np.multiply(pixels, g, out=term)
                sums = (ones @ lines).reshape(-1, self.C).sum(axis=0)
                dw[tap] = dw[tap] + sums if add else sums
        if dx is not None and weights is not None:
            rows, columns = self.window.pads(*self.size)
            padded = self._empty(len(x))
            padded.fill(0)
            for tap, pixels in enumerate(self._places(padded)):
                np.multiply(g, weights[tap].reshape(self.places[1], self.C), out=term)
                pixels += term
            dx[...] = padded[:, rows[0] : rows[0] + self.size[0], columns[0] : columns[0] + self.size[1]]

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (R,S,1,C) of the filters."""
        return total.reshape(*self.taps, 1, self.C)

    def _places(self, padded: Array) -> Iterator[Array]:
        """For each tap (r, s), in order, the view (n,P,Q,C) of the pixels that it meets."""
        (a, b), (d, e), (P, Q) = self.window.stride, self.window.dilation, self.places
        for r in range(self.taps[0]):
            for s in range(self.taps[1]):
                yield padded[:, r * d : r * d + P * a : a, s * e : s * e + Q * b : b][:, :P, :Q]

    def _empty(self, n: int) -> Array:
        rows, columns = self.window.pads(*self.size)
        return scratch("padded", (n, self.size[0] + sum(rows), self.size[1] + sum(columns), self.C), self.dtype)

    def _padded(self, x: Array) -> Array:
        rows, columns = self.window.pads(*self.size)
        if not any((*rows, *columns)):
            return x
        padded = self._empty(len(x))
        padded.fill(0)
        padded[:, rows[0] : rows[0] + self.size[0], columns[0] : columns[0] + self.size[1]] = x
        return padded
