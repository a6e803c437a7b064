"""The Gaussian error linear unit, approximated with a hyperbolic tangent."""

from __future__ import annotations

import math

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array
from nettrain.ops.sigmoid import logistic

CUBIC = 0.044715
FAR = 50.0  # from here on the gate is 0 or 1 to the last bit of float64; the cube of more could overflow


@op("(...)->(...)")
def gelu_tanh(x: Array) -> Rule:
    """x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), number by number: ``gelu`` to about 0.0005.

    Notes    (1 + tanh u) / 2 is s = sigmoid(2 u), so the slope is s + x s (1 - s) 2 u', u' = sqrt(2 / pi) (1 + 3
             0.044715 x^2).
    Source   Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016, section 2.
    """
    number = x.dtype.type
    twice = number(2 * math.sqrt(2 / math.pi))
    near = np.clip(x, -FAR, FAR)
    square = near * near
    gate = logistic(near * (twice + number(twice * CUBIC) * square))
    y = x * gate

    def by_x(g: Array) -> Array:
        slope: Array = square * number(3 * twice * CUBIC)
        slope += twice
        slope *= y
        slope *= 1 - gate
        slope += gate
        slope *= g
        return slope

    return y, (by_x,)
