"""Sigmoid and binary cross-entropy in one: every class is a question of its own, so a picture may have several."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(N,K)->(N)")
def binary_cross_entropy(logits: Array, *, labels: Array, class_weights: Array | None = None) -> Rule:
    """The mean surprise over all classes, each there or not by itself, sigmoid and logarithm in one.

    Shapes   logits (N,K); labels (N,K), 1 for each class that is there, or a share of it, or (N) whole numbers for one
             class each; class_weights (K) -> (N).
    Units    nats per image and class.
    Notes    With y the label and z the logit a term is (1 - y) z + w_y (max(-z, 0) + log(1 + exp(-|z|))), which nowhere
             overflows; w_y is the class's weight where y is 1, else 1: a class counts where it is there.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.2.
    """
    targets = one_hot(labels, logits)
    weights = logits.dtype.type(1) if class_weights is None else 1 + targets * (class_weights - 1).astype(logits.dtype)
    small = np.exp(-np.abs(logits))  # never overflows
    share = logits.dtype.type(1 / logits.shape[1])
    y = ((1 - targets) * logits + weights * (np.maximum(-logits, 0) + np.log1p(small))).sum(axis=1) * share

    def by_logits(g: Array) -> Array:
        without = np.where(logits > 0, small, 1) / (1 + small)  # sigmoid(-z)
        d: Array = (1 - targets) - weights * without
        d *= (g * share)[:, None]
        return d

    return y, (by_logits,)


def one_hot(labels: Array, outputs: Array) -> Array:
    """Labels in the shape and dtype of the outputs.  Shapes: (N) or (N,K) -> (N,K)."""
    if labels.ndim == 2:
        return labels.astype(outputs.dtype)
    targets = np.zeros_like(outputs)
    targets[np.arange(len(outputs)), labels] = 1
    return targets
