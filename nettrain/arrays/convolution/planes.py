"""Convolution of pictures with few channels, such as red, green and blue: patches of whole planes, channel first.

With three channels the run that a patch copies is only a few numbers long. Here the picture is split into its planes
first; a row of the patches is then a whole plane, shifted by a tap, and copies run along the lines of the picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from nettrain.arrays.convolution.kernel import one_by_one, pictures_of
from nettrain.arrays.convolution.patches import Patches
from nettrain.arrays.products import by_blocks, summed_product
from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]

MOST_CHANNELS = 4
MOST_NUMBERS = 1 << 23  # of a picture's patches; a larger one goes through bands


def fits(size: Pair, weight: tuple[int, ...], window: Window, groups: int, channels: int = MOST_CHANNELS) -> bool:
    """Whether this kernel is faster than patches, up to so many channels, and its patches of a whole picture fit."""
    R, S, D, _ = weight
    P, Q = window.output_size(*size)
    return groups == 1 and channels >= D and R * S * D * P * Q <= MOST_NUMBERS


class Planes:
    """Forward and both gradients for pieces (n,H,W,C) -> (n,P,Q,K), with filters (R,S,C,K) and few channels.

    Notes    The gradient of the pictures, which a first layer does not need, is left to ``Patches``.
    """

    def __init__(self, size: Pair, weight: tuple[int, ...], window: Window, dtype: npt.DTypeLike) -> None:
        self.taps, (_, _, self.C, self.K) = weight[:2], weight
        self.size, self.window, self.dtype = size, window, np.dtype(dtype)
        self.places = window.output_size(*size)
        self.by_pixel = Patches(size, weight, window, 1, dtype)
        self.depth = self.taps[0] * self.taps[1] * self.C
        self.accumulator = (self.depth, self.K)
        self.pictures = pictures_of(self.places[0] * self.places[1] * max(self.depth, self.K) * self.dtype.itemsize)

    def weights(self, weight: Array) -> Array:
        """(R*S*C,K), channel first, as the planes are: (C*R*S,K)."""
        return np.ascontiguousarray(weight.transpose(2, 0, 1, 3)).reshape(self.depth, self.K)

    def weights_back(self, weight: Array) -> list[Array]:
        """As for ``Patches``."""
        return self.by_pixel.weights_back(weight)

    def forward(self, x: Array, weights: Array, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,H,W,C), out (n,P,Q,K)."""
        if apart and len(x) > 1:
            one_by_one(self.forward, x, weights, out)
            return
        patches = self._patches(x)  # (C*R*S, n*P*Q)
        by_blocks(patches.T, weights, out.reshape(-1, self.K))

    def backward(
        self, x: Array, g: Array, weights: list[Array] | None, dx: Array | None, dw: Array | None, add: bool
    ) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw``, or add it there."""
        if dx is not None:
            self.by_pixel.backward(x, g, weights, dx, None, False)
        if dw is not None:
            summed_product(self._patches(x), g.reshape(-1, self.K), dw, add=add)

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (R,S,C,K) of the filters."""
        return np.ascontiguousarray(total.reshape(self.C, *self.taps, self.K).transpose(1, 2, 0, 3))

    def _patches(self, x: Array) -> Array:
        """(n,H,W,C) -> (C*R*S, n*P*Q)."""
        rows, columns = self.window.pads(*self.size)
        (H, W), (P, Q), (R, S) = self.size, self.places, self.taps
        (a, b), (d, e) = self.window.stride, self.window.dilation
        planes = scratch("padded", (self.C, len(x), H + sum(rows), W + sum(columns)), self.dtype)
        planes.fill(0)
        planes[:, :, rows[0] : rows[0] + H, columns[0] : columns[0] + W] = x.transpose(3, 0, 1, 2)
        s_c, s_n, s_h, s_w = planes.strides
        view = as_strided(planes, (self.C, R, S, len(x), P, Q), (s_c, s_h * d, s_w * e, s_n, s_h * a, s_w * b))
        patches = scratch("patches", view.shape, self.dtype)
        np.copyto(patches, view)
        return patches.reshape(self.depth, -1)
