"""The mean pixel of each window, as a part of an epilogue."""

from __future__ import annotations

from nettrain.arrays import pooling
from nettrain.autograd.tensor import Array
from nettrain.ops.window_part import WindowPart


class AveragePool(WindowPart):
    """The mean of the pixels of each window, padding counted as zeros.  Shapes: (n,H,W,C) -> (n,P,Q,C).

    Source   LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998, section
             II.B.
    """

    name = "avg_pool2d"

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        return pooling.average_pool(piece, self.window, out)

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        return pooling.average_pool_back(g, self.window, out)
