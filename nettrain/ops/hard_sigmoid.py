"""The sigmoid in three straight pieces."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(...)->(...)", rises=True)
def hard_sigmoid(x: Array, *, out: Array | None = None) -> Rule:
    """x / 6 + 1/2, at least 0 and at most 1, number by number: relu6(x + 3) / 6, as in PyTorch and Keras 3.

    Notes    The slope is 1/6 between -3 and 3 and 0 outside. With ``out``, which may be ``x``, the result is there, and
             only it is kept for the way back.
    Source   Howard et al., "Searching for MobileNetV3", 2019, section 5.2.
    """
    y = hard_gate(x, out)

    def by_x(g: Array, out: Array | None = None) -> Array:
        slope = inside(y)
        passed: Array = np.multiply(g, slope, out=out)
        return passed

    return y, (by_x,)


def hard_gate(x: Array, out: Array | None = None) -> Array:
    """x / 6 + 1/2, cut off at 0 and at 1.  Shapes: any -> the same."""
    y: Array = np.multiply(x, x.dtype.type(1 / 6), out=np.empty_like(x) if out is None else out)
    y += x.dtype.type(0.5)
    np.clip(y, 0, 1, out=y)
    return y


def inside(gate: Array) -> Array:
    """1/6 where a gate is between 0 and 1, else 0.  Shapes: any -> the same."""
    between = np.greater(gate, 0)
    between &= gate < 1
    slope: Array = between.astype(gate.dtype) * gate.dtype.type(1 / 6)
    return slope
