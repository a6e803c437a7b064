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

    Notes    (1 + tanh u) / 2 is s = sigmoid(2 u), so the slope is s (1 + x (1 - s) 2 u'), with u' = sqrt(2 / pi) times
             (1 + 3 0.044715 x^2).
    Source   Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016, section 2.
    """
    number = x.dtype.type
    twice = number(2 * math.sqrt(2 / math.pi))
    near = np.clip(x, -FAR, FAR)
    gate = logistic(near * (twice + number(twice * CUBIC) * (near * near)))

    def by_x(g: Array) -> Array:
        near = np.clip(x, -FAR, FAR)
        slope: Array = near * near
        slope *= number(3 * twice * CUBIC)
        slope += twice
        slope *= near
        slope *= 1 - gate
        slope += 1
        slope *= gate
        slope *= g
        return slope

    return x * gate, (by_x,)
