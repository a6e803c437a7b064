"""Convolution of each channel with filters of its own: a tap at a time, multiplied and added along whole lines."""

from __future__ import annotations

from collections.abc import Iterator
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
    """Whether this kernel can do a convolution: one channel in for each group."""
    return weight[2] == 1 and groups > 1


class Depthwise:
    """Forward and both gradients for pieces (n,H,W,C) -> (n,P,Q,K), with filters (R,S,1,K), K a multiple of C.

    Notes    Filters are repeated along the lines of the result, so that a product runs over Q*K numbers at once; a
             channel with several filters is repeated for each of them first.
    """

    def __init__(self, size: Pair, weight: tuple[int, ...], window: Window, dtype: npt.DTypeLike) -> None:
        self.taps, self.K = weight[:2], weight[3]
        self.size, self.window, self.dtype = size, window, np.dtype(dtype)
        self.places = window.output_size(*size)
        self.accumulator = (self.taps[0] * self.taps[1], self.K)
        picture = size[0] * size[1] * self.K * self.dtype.itemsize
        self.pictures = min(max(PIECE_BYTES // picture, 1), MOST_PICTURES)

    def weights(self, weight: Array) -> Array:
        """(R*S,Q*K)."""
        return np.tile(weight.reshape(-1, self.K), (1, self.places[1]))

    weights_back = weights

    def forward(self, x: Array, weights: Array, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,K).  No number depends on its company."""
        term = scratch("term", out.shape, self.dtype)
        for tap, pixels in enumerate(self._places(x)):
            by_place = weights[tap].reshape(self.places[1], self.K)
            if tap:
                np.multiply(pixels, by_place, out=term)
                out += term
            else:
                np.multiply(pixels, by_place, out=out)

    def backward(
        self, x: Array, g: Array, weights: Array | None, dx: Array | None, dw: Array | None, add: bool
    ) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw`` (R*S,K), or add it there."""
        term = scratch("term", g.shape, self.dtype)
        if dw is not None:
            lines = term.reshape(-1, self.places[1] * self.K)
            ones = np.ones((1, len(lines)), self.dtype)
            for tap, pixels in enumerate(self._places(x)):
                np.multiply(pixels, g, out=term)
                sums = (ones @ lines).reshape(-1, self.K).sum(axis=0)
                dw[tap] = dw[tap] + sums if add else sums
        if dx is not None and weights is not None:
            pads = self.window.pads(*self.size)
            around = blank((*x.shape[:3], self.K), pads, self.dtype)
            for tap, pixels in enumerate(places(around, self.window, self.places)):
                np.multiply(g, weights[tap].reshape(self.places[1], self.K), out=term)
                pixels += term
            repeated, times = inner(around, pads, self.size), self.K // x.shape[3]
            dx[...] = repeated[..., ::times]
            for again in range(1, times):
                dx += repeated[..., again::times]

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (R,S,1,K) of the filters."""
        return total.reshape(*self.taps, 1, self.K)

    def _places(self, x: Array) -> Iterator[Array]:
        """For each tap the view (n,P,Q,K) of the pixels that it meets."""
        times = self.K // x.shape[3]
        if times > 1:
            repeated = scratch("repeated", (*x.shape, times), self.dtype)
            for again in range(times):  # six times faster than one assignment that broadcasts
                repeated[..., again] = x
            x = repeated.reshape(*x.shape[:3], self.K)
        return places(padded(x, self.window.pads(*self.size)), self.window, self.places)
