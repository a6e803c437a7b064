"""The hyperbolic tangent."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)")
def tanh(x: Array) -> Rule:
    """tanh x, number by number.

    Source   LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998, section 4.4.
    """
    y = np.tanh(x)
    return y, (lambda g: g * (1 - y * y),)
