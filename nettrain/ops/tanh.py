"""The hyperbolic tangent."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)")
def tanh(x: Array, *, out: Array | None = None) -> Rule:
    """tanh x, number by number.

    Notes    The slope is 1 - y^2. With ``out``, which may be ``x``, the result is there, and only it is kept.
    Source   LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998, section 4.4.
    """
    y = np.tanh(x, out=out)

    def by_x(g: Array, out: Array | None = None) -> Array:
        passed: Array = np.multiply(g, 1 - y * y, out=out)
        return passed

    return y, (by_x,)
