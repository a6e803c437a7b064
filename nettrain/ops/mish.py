"""Mish, a smooth activation that falls a little before it rises."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array

SETTLED = 20.0  # from here on tanh(softplus(x)) is 1 to the last bit of float64


@op("(...)->(...)")
def mish(x: Array) -> Rule:
    """x tanh(softplus(x)), number by number.

    Notes    With e = exp(x) and n = e (e + 2), tanh(log(1 + e)) is t = n / (n + 2), without a logarithm; its slope is
             t' = 4 e (e + 1) / (n + 2)^2, and that of y is t + x t'. The exponent stops at 20, where t no longer moves.
    Source   Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019, equation 3.
    """
    e = np.exp(np.clip(x, -np.inf, SETTLED))
    n = e * (e + 2)

    def by_x(g: Array) -> Array:
        n = e * (e + 2)
        slope: Array = e + 1
        slope *= e
        slope *= 4
        slope /= np.square(n + 2)
        slope *= np.clip(x, -np.inf, SETTLED)  # x itself could be so large that a slope of nearly 0 counts
        slope += n / (n + 2)
        slope *= g
        return slope

    return x * (n / (n + 2)), (by_x,)
