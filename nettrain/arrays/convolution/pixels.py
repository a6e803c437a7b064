"""Convolution with filters of one pixel, as a plain product; nothing is copied where the stride is 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.convolution.kernel import one_by_one, pictures_of
from nettrain.arrays.products import by_blocks, summed_product
from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]


def fits(size: Pair, weight: tuple[int, ...], window: Window, groups: int) -> bool:
    """Whether this kernel can do a convolution."""
    return window.size == (1, 1) and groups == 1 and window.pads(*size) == ((0, 0), (0, 0))


class Pixels:
    """Forward and both gradients for pieces (n,H,W,C) -> (n,P,Q,K), with filters (1,1,C,K)."""

    def __init__(self, size: Pair, weight: tuple[int, ...], window: Window, dtype: npt.DTypeLike) -> None:
        _, _, self.C, self.K = weight
        self.dtype = np.dtype(dtype)
        a, b = window.stride
        self.kept = (slice(None), slice(None, None, a), slice(None, None, b))
        self.all_kept = window.stride == (1, 1)
        self.accumulator = (self.C, self.K)
        self.pictures = pictures_of(size[0] * size[1] * max(self.C, self.K) * self.dtype.itemsize)

    def weights(self, weight: Array) -> Array:
        """(C,K)."""
        return weight.reshape(self.C, self.K)

    def weights_back(self, weight: Array) -> Array:
        """(K,C)."""
        return np.ascontiguousarray(weight.reshape(self.C, self.K).T)

    def forward(self, x: Array, weights: Array, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,K)."""
        if apart and len(x) > 1:
            one_by_one(self.forward, x, weights, out)
            return
        by_blocks(self._rows(x), weights, out.reshape(-1, self.K))

    def backward(
        self, x: Array, g: Array, weights: Array | None, dx: Array | None, dw: Array | None, add: bool
    ) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw`` (C,K), or add it there."""
        rows = g.reshape(-1, self.K)
        if dx is not None and weights is not None:
            if self.all_kept:
                by_blocks(rows, weights, dx.reshape(-1, self.C))
            else:
                kept = scratch("kept", (len(rows), self.C), self.dtype)
                by_blocks(rows, weights, kept)
                dx.fill(0)
                dx[self.kept] = kept.reshape(*g.shape[:3], self.C)
        if dw is not None:
            summed_product(self._rows(x).T, rows, dw, add=add)

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (1,1,C,K) of the filters."""
        return total.reshape(1, 1, self.C, self.K)

    def _rows(self, x: Array) -> Array:
        """The pixels (rows,C) that the stride keeps."""
        if not self.all_kept:
            chosen = x[self.kept]
            x = scratch("kept", chosen.shape, self.dtype)
            np.copyto(x, chosen)
        return x.reshape(-1, self.C)
