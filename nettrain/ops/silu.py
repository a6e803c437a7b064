"""The sigmoid linear unit, also called swish."""

from __future__ import annotations

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array
from nettrain.ops.sigmoid import logistic


@op("(...)->(...)")
def silu(x: Array) -> Rule:
    """x sigmoid(x), number by number.

    Source   Elfwing, Uchibe, Doya, "Sigmoid-Weighted Linear Units for Neural Network Function Approximation", 2018,
             equation 1.
    """
    gate = logistic(x)
    y = x * gate
    return y, (lambda g: g * (gate + y * (1 - gate)),)
