"""Softmax and cross-entropy in one: the loss of classification."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array
from nettrain.ops.targets import targets_of


@op("(N,K)->(N)")
def cross_entropy(logits: Array, *, labels: Array, label_smoothing: float = 0.0) -> Rule:
    """The surprise at each label under the softmax of the logits, softmax and logarithm in one.

    Shapes   logits (N,K); labels (N) whole numbers in 0 .. K - 1, or (N,K) the share of each class -> (N).
    Units    nats per image.
    Notes    With shares t it is the sum of t_k times the loss of class k; what they add up to (mostly 1) is a weight.
             ``label_smoothing`` e mixes the label with the uniform distribution: target = (1 - e) one_hot + e / K.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.3; smoothing: Szegedy et al.,
             "Rethinking the Inception Architecture", 2015, section 7.
    """
    targets = targets_of(labels, logits)
    centred = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(centred)
    sums = exponentials.sum(axis=1, keepdims=True)
    logarithms = centred - np.log(sums)  # log-probabilities
    smooth = logits.dtype.type(label_smoothing)
    y = -(1 - smooth) * targets.summed(targets.at(logarithms))
    if label_smoothing:
        y -= smooth * targets.weights * logarithms.mean(axis=1)

    def by_logits(g: Array) -> Array:
        d: Array = exponentials / sums
        d -= smooth / logits.dtype.type(logits.shape[1])
        if not targets.whole:
            d *= targets.weights[:, None]
        d[targets.rows, targets.classes] -= (1 - smooth) * targets.shares
        d *= g[:, None]
        return d

    return y, (by_logits,)
