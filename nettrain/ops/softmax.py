"""The softmax of each row."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(N,K)->(N,K)")
def softmax(logits: Array) -> Rule:
    """exp(logits) as shares of their sum, row by row; the largest logit is taken off first, so that nothing overflows.

    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 4.1.
    """
    y = np.exp(logits - logits.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    return y, (lambda g: y * (g - (g * y).sum(axis=1, keepdims=True)),)
