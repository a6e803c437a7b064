"""The softplus, a relu without its kink."""

from __future__ import annotations

import numpy as np

from nettrain.arrays.exponentials import expm1, log1p
from nettrain.arrays.lines import zero_picture
from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)")
def softplus(x: Array, *, out: Array | None = None) -> Rule:
    """log(1 + exp(x)), number by number.

    Notes    Computed as max(x, 0) + log(1 + exp(-|x|)), so that nothing overflows. The slope is the sigmoid of x, which
             is 1 - exp(-y). With ``out``, which may be ``x``, the result is there, and only that is kept.
    Source   Dugas et al., "Incorporating Second-Order Functional Knowledge for Better Option Pricing", 2000, section 2.
    """
    rest = np.abs(x, out=np.empty_like(x))
    np.negative(rest, out=rest)
    np.exp(rest, out=rest)
    log1p(rest, out=rest)
    y = np.maximum(x, zero_picture(x.shape[1:], x.dtype), out=out)
    y = np.add(y, rest, out=out)

    def by_x(g: Array, out: Array | None = None) -> Array:
        slope = np.negative(y, out=np.empty_like(y))
        expm1(slope, out=slope)
        np.negative(slope, out=slope)
        passed: Array = np.multiply(g, slope, out=out)
        return passed

    return y, (by_x,)
