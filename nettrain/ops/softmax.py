"""The softmax of each row."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...,K)->(...,K)")
def softmax(x: Array, *, out: Array | None = None) -> Rule:
    """exp(x) as shares of their sum over the last axis: over classes or, in a picture, over the channels of each pixel.

    Notes    The largest number is taken off first, so that nothing overflows. The gradient is y (g - sum(g y)). With
             ``out``, which may be ``x``, the result is there, and only it is kept for the way back.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 4.1.
    """
    y = np.subtract(x, x.max(axis=-1, keepdims=True), out=out)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)

    def by_x(g: Array, out: Array | None = None) -> Array:
        passed: Array = np.subtract(g, (g * y).sum(axis=-1, keepdims=True), out=out)
        passed *= y
        return passed

    return y, (by_x,)
