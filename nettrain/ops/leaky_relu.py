"""The leaky rectified linear unit."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)", rises=True)
def leaky_relu(x: Array, *, negative_slope: float = 0.01) -> Rule:
    """x where it is positive, negative_slope x elsewhere, number by number.

    Source   Maas, Hannun, Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013, section 2.
    """
    slope = np.where(x > 0, x.dtype.type(1), x.dtype.type(negative_slope))
    return x * slope, (lambda g: g * slope,)
