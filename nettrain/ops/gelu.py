"""The Gaussian error linear unit, in its exact form."""

from __future__ import annotations

import math

import numpy as np

from nettrain.arrays.erf import erf
from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)")
def gelu(x: Array) -> Rule:
    """x times the probability that a standard normal number is below x, number by number.

    Source   Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016, section 2.
    """
    below = (1 + erf(x * x.dtype.type(math.sqrt(0.5)))) * x.dtype.type(0.5)

    def by_x(g: Array) -> Array:
        with np.errstate(over="ignore"):  # exp(-infinity) is the right answer
            density = np.exp(-x * x * x.dtype.type(0.5)) * x.dtype.type(1 / math.sqrt(2 * math.pi))
        slope: Array = g * (below + x * density)
        return slope

    return x * below, (by_x,)
