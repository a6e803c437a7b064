"""The logistic sigmoid."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), by the exponential of -|x| alone, so that nothing overflows.  Shapes: any -> the same."""
    small = np.exp(-np.abs(x))
    y: Array = np.where(x >= 0, x.dtype.type(1), small)
    y /= 1 + small
    return y


@op("(...)->(...)")
def sigmoid(x: Array) -> Rule:
    """1 / (1 + exp(-x)), number by number.

    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 3.10.
    """
    y = logistic(x)
    return y, (lambda g: g * y * (1 - y),)
