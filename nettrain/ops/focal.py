"""Focal loss: cross-entropy that counts little where the model is sure and right already."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array
from nettrain.ops.targets import targets_of


@op("(N,K)->(N)")
def focal(logits: Array, *, labels: Array, gamma: float = 2.0, alpha: float | None = None) -> Rule:
    """Focal loss under the softmax of the logits: cross-entropy that counts little where the model is sure and right.

    Shapes   logits (N,K); labels (N) whole numbers in 0 .. K - 1, or (N,K) the share of each class -> (N).
    Units    nats per image, times a share: L = -alpha (1 - p)^gamma log p, p the probability of the label.
    Notes    With shares t it is the sum of t_k times the loss of class k. ``gamma`` 0 is cross-entropy; ``alpha``, 1 if
             None, is a factor for every class. 1 - p is the sum over the other classes, so that it keeps its digits
             where p is nearly 1.
    Source   Lin, Goyal, Girshick, He, Dollar, "Focal Loss for Dense Object Detection", 2017, equations 4 and 5, with
             softmax in place of the sigmoid.
    """
    targets, real = targets_of(labels, logits), logits.dtype.type
    rows, best = np.arange(len(logits)), logits.argmax(axis=1)
    centred = logits - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(centred)
    at_best = probabilities[rows, best]
    probabilities[rows, best] = 0
    rest = probabilities.sum(axis=1)
    probabilities[rows, best] = at_best
    sums = rest + at_best
    # from here on an entry of the targets at a time; the best class is where a difference would lose digits
    is_best, rest, sums_there = targets.classes == best[targets.rows], rest[targets.rows], sums[targets.rows]
    missing = np.where(is_best, rest, sums_there - targets.at(probabilities)) / sums_there  # 1 - p
    logarithms = np.where(is_best, -np.log1p(rest), targets.at(centred) - np.log(sums_there))  # log p
    probabilities /= sums[:, None]
    power, scale = missing ** real(gamma), real(1 if alpha is None else alpha)
    y = targets.summed(-scale * power * logarithms)

    def by_logits(g: Array) -> Array:
        # dL/dlog p = alpha (gamma p (1-p)^(gamma-1) log p - (1-p)^gamma); log p / (1-p) is -1 where 1-p vanishes
        ratio = np.full_like(missing, -1)
        np.divide(logarithms, missing, out=ratio, where=missing > 0)
        at_label = targets.at(probabilities)
        by_logarithm = scale * power * (real(gamma) * at_label * ratio - 1)
        total = targets.summed(by_logarithm)
        others = total[targets.rows] - targets.shares * by_logarithm
        d: Array = probabilities * (-total)[:, None]
        d[targets.rows, targets.classes] = missing * targets.shares * by_logarithm - at_label * others
        d *= g[:, None]
        return d

    return y, (by_logits,)
