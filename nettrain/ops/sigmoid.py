"""The logistic sigmoid."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)); 0 where the exponential is more than the dtype holds.  Shapes: any -> the same."""
    y: Array = np.negative(x, out=np.empty_like(x))
    with np.errstate(over="ignore"):  # 1 / infinity is the right answer
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
