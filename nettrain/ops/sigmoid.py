"""The logistic sigmoid."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow on either side: (1 + tanh(x / 2)) / 2.  Shapes: any -> the same."""
    y: Array = np.tanh(x * x.dtype.type(0.5))
    y += 1
    y *= x.dtype.type(0.5)
    return y


@op("(...)->(...)")
def sigmoid(x: Array) -> Rule:
    """1 / (1 + exp(-x)), number by number.

    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 3.10.
    """
    y = logistic(x)
    return y, (lambda g: g * y * (1 - y),)
