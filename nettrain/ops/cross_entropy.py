"""Softmax and cross-entropy in one: the loss of classification."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(N,K)->(N)")
def cross_entropy(logits: Array, *, labels: Array, label_smoothing: float = 0.0) -> Rule:
    """The surprise at each label under the softmax of the logits, softmax and logarithm in one.

    Shapes   logits (N,K), labels (N) whole numbers in 0 .. K - 1 -> (N).
    Units    nats per image.
    Notes    ``label_smoothing`` e mixes the label with the uniform distribution: target = (1 - e) one_hot + e / K.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.2.2.3; smoothing: Szegedy et al.,
             "Rethinking the Inception Architecture", 2015, section 7.
    """
    rows = np.arange(len(logits))
    centred = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(centred)
    sums = exponentials.sum(axis=1, keepdims=True)
    logarithms = centred - np.log(sums)  # log-probabilities
    smooth = logits.dtype.type(label_smoothing)
    y = -(1 - smooth) * logarithms[rows, labels]
    if label_smoothing:
        y -= smooth * logarithms.mean(axis=1)

    def by_logits(g: Array) -> Array:
        d: Array = exponentials / sums
        d -= smooth / logits.dtype.type(logits.shape[1])
        d[rows, labels] -= 1 - smooth
        d *= g[:, None]
        return d

    return y, (by_logits,)
