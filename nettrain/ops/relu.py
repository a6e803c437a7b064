"""The rectified linear unit."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)")
def relu(x: Array) -> Rule:
    """max(0, x), number by number; NaN stays NaN, so that a divergence is seen.

    Source   Glorot, Bordes, Bengio, "Deep Sparse Rectifier Neural Networks", 2011.
    """
    y = np.maximum(x, x.dtype.type(0))
    return y, (lambda g: g * (y > 0),)
