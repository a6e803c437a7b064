"""The logistic sigmoid."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


def logistic(x: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-x)); 0 where the exponential is more than the dtype holds.  Shapes: any -> the same."""
    y: Array = np.negative(x, out=np.empty_like(x) if out is None else out)
    with np.errstate(over="ignore"):  # 1 / infinity is the right answer
        np.exp(y, out=y)
    y += 1
    return np.reciprocal(y, out=y)


@op("(...)->(...)")
def sigmoid(x: Array, *, out: Array | None = None) -> Rule:
    """1 / (1 + exp(-x)), number by number.

    Notes    The slope is y (1 - y). With ``out``, which may be ``x``, the result is there, and only it is kept.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 3.10.
    """
    y = logistic(x, out)

    def by_x(g: Array, out: Array | None = None) -> Array:
        slope = 1 - y
        slope *= y
        passed: Array = np.multiply(g, slope, out=out)
        return passed

    return y, (by_x,)
