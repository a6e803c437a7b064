"""Labels as what a loss is towards: of each picture the classes that it has a share of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nettrain.autograd.tensor import Array


class Targets(NamedTuple):
    """The labels of N pictures as E entries, each a row, a class and its share: one a picture, unless it has shares.

    Shapes   ``rows``, ``classes`` and ``shares`` (E,); ``weights`` (N,), what the shares of a picture add up to. Where
             every picture has one ``whole`` label, shares and weights are the number 1.
    """

    rows: Array
    classes: Array
    shares: Any
    weights: Any
    whole: bool

    def at(self, values: Array) -> Array:
        """What stands at each entry.  Shapes: (N,K) -> (E,)."""
        found: Array = values[self.rows, self.classes]
        return found

    def summed(self, values: Array) -> Array:
        """The sum of each picture's entries, each times its share.  Shapes: (E,) -> (N,)."""
        if self.whole:
            return values
        return np.bincount(self.rows, values * self.shares, len(self.weights)).astype(values.dtype)


def targets_of(labels: Array, outputs: Array) -> Targets:
    """Labels (N) whole numbers in 0 .. K - 1, or (N,K) the share of each class, in the outputs' dtype."""
    if labels.ndim == 1:
        one = outputs.dtype.type(1)
        return Targets(np.arange(len(outputs)), labels, one, one, True)
    rows, classes = np.nonzero(labels)
    shares = labels.astype(outputs.dtype, copy=False)
    return Targets(rows, classes, shares[rows, classes], shares.sum(axis=1), False)
