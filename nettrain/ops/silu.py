"""The sigmoid linear unit, also called swish."""

from __future__ import annotations

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array
from nettrain.ops.sigmoid import logistic


@op("(...)->(...)")
def silu(x: Array) -> Rule:
    """x sigmoid(x), number by number.

    Notes    With s = sigmoid(x) the slope is s (1 + x (1 - s)).
    Source   Elfwing, Uchibe, Doya, "Sigmoid-Weighted Linear Units for Neural Network Function Approximation", 2018,
             equation 1.
    """
    gate = logistic(x)

    def by_x(g: Array) -> Array:
        slope: Array = 1 - gate
        slope *= x
        slope += 1
        slope *= gate
        slope *= g
        return slope

    return x * gate, (by_x,)
