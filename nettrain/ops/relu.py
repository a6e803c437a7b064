"""The rectified linear unit."""

from __future__ import annotations

import numpy as np

from nettrain.arrays.lines import zero_picture
from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)", rises=True)
def relu(x: Array, *, out: Array | None = None) -> Rule:
    """max(0, x), number by number; NaN stays NaN, so that a divergence is seen.

    Notes    With ``out``, which may be ``x``, the result is there, and only it is kept for the way back.
    Source   Glorot, Bordes, Bengio, "Deep Sparse Rectifier Neural Networks", 2011.
    """
    y = np.maximum(x, zero_picture(x.shape[1:], x.dtype), out=out)

    def by_x(g: Array, out: Array | None = None) -> Array:
        passed: Array = np.multiply(g, (y > 0).view(np.uint8), out=out)  # a byte is cast faster than a bool
        return passed

    return y, (by_x,)
