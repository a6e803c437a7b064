"""The sigmoid linear unit in pieces without an exponential."""

from __future__ import annotations

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array
from nettrain.ops.hard_sigmoid import hard_gate, inside


@op("(...)->(...)")
def hard_swish(x: Array) -> Rule:
    """x relu6(x + 3) / 6, number by number.

    Notes    With the gate h = relu6(x + 3) / 6 the slope is h + x h', h' being 1/6 between -3 and 3 and 0 outside.
    Source   Howard et al., "Searching for MobileNetV3", 2019, section 5.2.
    """
    gate = hard_gate(x)
    return x * gate, (lambda g: g * (gate + x * inside(gate)),)
