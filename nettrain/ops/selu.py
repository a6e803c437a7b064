"""The scaled exponential linear unit."""

from __future__ import annotations

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array
from nettrain.ops.elu import bent

ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@op("(...)->(...)")
def selu(x: Array, *, out: Array | None = None) -> Rule:
    """1.0507 times x where it is positive, times 1.67326 (exp(x) - 1) elsewhere, number by number.

    Notes    The two numbers make mean 0 and variance 1 a fixed point of dense layers with ``init: lecun_normal``.
             With ``out``, which may be ``x``, the result is there, and only it is kept for the way back.
    Source   Klambauer, Unterthiner, Mayr, Hochreiter, "Self-Normalizing Neural Networks", 2017, equation 2; the
             numbers: its appendix 1.
    """
    return bent(x, SCALE, SCALE * ALPHA, out)
