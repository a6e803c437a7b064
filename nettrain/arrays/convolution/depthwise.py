"""Convolution of each channel with a filter of its own: a tap at a time, multiplied and added along whole lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.convolution.kernel import MOST_PICTURES
from nettrain.arrays.padding import blank, inner, padded, places
from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]

PIECE_BYTES = 1 << 19  # the picture, its result and one product stay in the second-level cache together


def fits(size: Pair, weight: tuple[int, ...], window: Window, groups: int) -> bool:
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

    def forward(self, x: Array, weights: Array, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,C).  No number depends on its company."""
        term = scratch("term", out.shape, self.dtype)
        for tap, pixels in enumerate(places(padded(x, self.window.pads(*self.size)), self.window, self.places)):
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
            for tap, pixels in enumerate(places(padded(x, self.window.pads(*self.size)), self.window, self.places)):
                np.multiply(pixels, g, out=term)
                sums = (ones @ lines).reshape(-1, self.C).sum(axis=0)
                dw[tap] = dw[tap] + sums if add else sums
        if dx is not None and weights is not None:
            pads = self.window.pads(*self.size)
            around = blank(x.shape, pads, self.dtype)
            for tap, pixels in enumerate(places(around, self.window, self.places)):
                np.multiply(g, weights[tap].reshape(self.places[1], self.C), out=term)
                pixels += term
            dx[...] = inner(around, pads, self.size)

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (R,S,1,C) of the filters."""
        return total.reshape(*self.taps, 1, self.C)
