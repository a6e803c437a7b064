"""Focal loss: cross-entropy that counts little where the model is sure and right already."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(N,K)->(N)")
def focal(logits: Array, *, labels: Array, gamma: float = 2.0, alpha: float | None = None) -> Rule:
    """Focal loss under the softmax of the logits: cross-entropy that counts little where the model is sure and right.

    Shapes   logits (N,K), labels (N) whole numbers in 0 .. K - 1 -> (N).
    Units    nats per image, times a share: L = -alpha (1 - p)^gamma log p, p the probability of the label.
    Notes    ``gamma`` 0 is cross-entropy; ``alpha``, 1 if None, is a factor for every class. 1 - p is the sum over the
             other classes, so that it keeps its digits where p is nearly 1.
    Source   Lin, Goyal, Girshick, He, Dollar, "Focal Loss for Dense Object Detection", 2017, equations 4 and 5, with
             softmax in place of the sigmoid.
    """
    rows = np.arange(len(logits))
    real = logits.dtype.type
    centred = logits - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(centred)
    at_label = probabilities[rows, labels]
    probabilities[rows, labels] = 0
    others = probabilities.sum(axis=1)
    probabilities[rows, labels] = at_label
    sums = others + at_label
    probabilities /= sums[:, None]
    missing = others / sums  # 1 - p
    best = centred[rows, labels] == 0
    logarithms = np.where(best, -np.log1p(others), centred[rows, labels] - np.log(sums))  # log p
    power, scale = missing ** real(gamma), real(1 if alpha is None else alpha)
    y = -scale * power * logarithms

    def by_logits(g: Array) -> Array:
        # dL/dlog p = alpha (gamma p (1-p)^(gamma-1) log p - (1-p)^gamma); log p / (1-p) is -1 where 1-p vanishes
        ratio = np.full_like(missing, -1)
        np.divide(logarithms, missing, out=ratio, where=missing > 0)
        by_logarithm = scale * power * (real(gamma) * probabilities[rows, labels] * ratio - 1)
        d: Array = probabilities * (-by_logarithm)[:, None]
        d[rows, labels] = missing * by_logarithm
        d *= g[:, None]
        return d

    return y, (by_logits,)
