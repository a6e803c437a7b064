"""The logistic sigmoid."""

from __future__ import annotations

import math

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), where the exponential stops at half of the largest number.  Shapes: any -> the same."""
    y: Array = np.negative(x)
    np.minimum(y, x.dtype.type(math.log(np.finfo(x.dtype).max / 2)), out=y)
    np.exp(y, out=y)
    y += 1
    return np.reciprocal(y, out=y)


@op("(...)->(...)")
def sigmoid(x: Array) -> Rule:
    """1 / (1 + exp(-x)), number by number.

    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 3.10.
    """
    y = logistic(x)
    return y, (lambda g: g * y * (1 - y),)
