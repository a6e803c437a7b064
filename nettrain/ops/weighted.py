"""Losses times a weight each: a class that is rare, or dear, counts more."""

from __future__ import annotations

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(N)->(N)")
def weighted(losses: Array, *, weights: Array) -> Rule:
    """The loss of each picture times its weight.

    Shapes   losses (N), weights (N) -> (N).
    Notes    The mean over a batch divides by its pictures, not by the sum of weights, so that it is additive: a step of
             several batches is the same as one of a large batch.
    """
    return losses * weights, (lambda g: g * weights,)
