"""What the order of probabilities says: whether the label is among the k best, and the area under the ROC curve."""

from __future__ import annotations

import math

import numpy as np

from nettrain.training.metrics.counts import Array, Bools, Floats, mean_of_defined
from nettrain.training.metrics.scored import Scored


def top_k(scored: Scored, k: int) -> float:
    """The share of pictures whose class is among the k most probable; of equals the first class is the better."""
    labels, probabilities = scored.labels, scored.probabilities
    at_label = probabilities[np.arange(len(labels)), labels][:, None]
    first = np.arange(probabilities.shape[1]) < labels[:, None]
    better = (probabilities > at_label) | ((probabilities == at_label) & first)
    return int((better.sum(axis=1) < k).sum()) / len(labels) if len(labels) else math.nan


def auroc(scored: Scored) -> float:
    """The area under the ROC curve of each class against the rest, the mean over the classes that have one."""
    return mean_of_defined(auroc_per_class(scored))


def auroc_per_class(scored: Scored) -> Floats:
    """The area under the ROC curve of each class against the rest. Shapes: (K,)."""
    classes = range(scored.probabilities.shape[1])
    return np.array([area(scored.is_of(k), scored.probabilities[:, k]) for k in classes], np.float64)


def area(positive: Bools, scores: Array) -> float:
    """How often a picture of the class has a higher score than one of the rest; a tie is a half.

    Shapes   (N,), (N,).
    Notes    Counted in whole numbers, so it is exact up to the last division. NaN where all or none are of the class.
    Source   Hanley, McNeil, "The meaning and use of the area under a receiver operating characteristic curve", 1982.
    """
    place = np.unique(scores, return_inverse=True)[1].reshape(-1)
    many = int(place.max(initial=-1)) + 1
    of, rest = np.bincount(place[positive], minlength=many), np.bincount(place[~positive], minlength=many)
    pairs = int(of.sum()) * int(rest.sum())
    if not pairs:
        return math.nan
    halves = of * (2 * (np.cumsum(rest) - rest) + rest)  # twice the pairs won, a tie once
    return int(halves.sum()) / (2 * pairs)
