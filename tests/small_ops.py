"""Operations of a line each, for tests of what surrounds operations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array, Backward, Needs


@op("(...)->(...)")
def double(x: Array) -> Rule:
    return 2 * x, (lambda g: 2 * g,)


@op("(...)->(...)")
def same(x: Array) -> Rule:
    return x.copy(), (lambda g: g,)


@op("(...)->(...)")
def view(x: Array) -> Rule:
    return x.reshape(x.shape), (lambda g: g.reshape(g.shape),)


@op("(...)->(...)")
def negative(x: Array) -> tuple[Array, Backward]:
    """Writes the gradient it is given, where it may."""

    def backward(g: Array, needs: Needs) -> Sequence[Array]:
        return [np.negative(g, out=g) if needs.owned else -g]

    return -x, backward


@op("(...),(...)->(...)")
def plus(x: Array, y: Array) -> Rule:
    """Hands the same memory to both."""
    return x + y, (lambda g: g, lambda g: g)


@op("(...),(...)->(...)")
def twice_plus(x: Array, y: Array) -> Rule:
    """Fresh memory to the first, the same to the second."""
    return 2 * x + y, (lambda g: 2 * g, lambda g: g)


@op("(...),(...)->(...)")
def plus_twice(x: Array, y: Array) -> Rule:
    return x + 2 * y, (lambda g: g, lambda g: 2 * g)


@op("(...),(...)->(...)")
def times(x: Array, y: Array) -> Rule:
    return x * y, (lambda g: g * y, lambda g: g * x)


@op("(...)->()")
def total(x: Array) -> Rule:
    return np.asarray(x.sum()), (lambda g: np.full(x.shape, g),)


@op("(...)->(...)")
def inverse(x: Array) -> Rule:
    return 1 / x, (lambda g: -g / (x * x),)
