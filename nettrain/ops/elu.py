"""The exponential linear unit."""

from __future__ import annotations

import numpy as np

from nettrain.arrays.exponentials import expm1
from nettrain.arrays.lines import zero_picture
from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)")
def elu(x: Array, *, alpha: float = 1.0, out: Array | None = None) -> Rule:
    """x where it is positive, alpha (exp(x) - 1) elsewhere, number by number.

    Notes    The slope is 1 or alpha exp(x), which is y + alpha. With ``out``, which may be ``x``, the result is there,
             and only it is kept for the way back.
    Source   Clevert, Unterthiner, Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units",
             2015, equation 15.
    """
    return bent(x, 1.0, alpha, out)


def bent(x: Array, high: float, low: float, out: Array | None) -> Rule:
    """high x where it is positive, low (exp(x) - 1) elsewhere; low is at least 0.  Shapes: any -> the same."""
    zeros, low = zero_picture(x.shape[1:], x.dtype), x.dtype.type(low)
    below = np.minimum(x, zeros, out=np.empty_like(x))  # no exponential of what is large
    expm1(below, out=below)
    below *= low
    y = np.maximum(x, zeros, out=out)
    if high != 1:
        y = np.multiply(y, x.dtype.type(high), out=out)
    y = np.add(y, below, out=out)

    def by_x(g: Array, out: Array | None = None) -> Array:
        slope = np.minimum(y, zeros, out=np.empty_like(y))
        slope += low
        if high != low:
            slope += (y > 0) * x.dtype.type(high - low)
        passed: Array = np.multiply(g, slope, out=out)
        return passed

    return y, (by_x,)
