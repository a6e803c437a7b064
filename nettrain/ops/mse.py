"""The mean squared difference from the one-hot label."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array


@op("(N,K)->(N)")
def mse(outputs: Array, *, labels: Array) -> Rule:
    """The mean squared difference between the outputs and the one-hot label.

    Shapes   outputs (N,K), labels (N) whole numbers in 0 .. K - 1 -> (N).
    Units    squared output units per image.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 5.1.4.
    """
    differences = outputs.copy()
    differences[np.arange(len(outputs)), labels] -= 1
    share = outputs.dtype.type(1 / outputs.shape[1])
    y = np.square(differences).sum(axis=1) * share
    return y, (lambda g: differences * (2 * share * g)[:, None],)
