"""What labels and predictions say about a classifier: confusion, accuracy, precision, recall, F1.

A ratio 0/0 is undefined (NaN), not 0: the precision of a class that was never predicted, the recall of one without
pictures, and F1 = 2 TP / (2 TP + FP + FN) of one with neither. Macro F1 is the mean of the F1 that are defined; a
class with pictures that is never hit has an F1 of 0, and counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Array = NDArray[Any]


@dataclass(frozen=True)
class PerClass:
    """One number a class, NaN where undefined; ``support`` is its pictures, ``predicted`` how often it was named."""

    precision: Floats
    recall: Floats
    f1: Floats
    support: Counts
    predicted: Counts


def confusion_matrix(true: Ints, predicted: Ints, classes: int) -> Counts:
    """How many pictures of class (row) were taken for class (column).

    Shapes   (N,), (N,) -> (K,K)
    Errors   ValueError for a label outside 0..classes-1, or arrays of two lengths.
    """
    if true.shape != predicted.shape or true.ndim != 1:
        raise ValueError(f"labels {true.shape} and predictions {predicted.shape}; expected one of each a picture")
    for name, labels in (("label", true), ("prediction", predicted)):
        if labels.size and not 0 <= labels.min() <= labels.max() < classes:
            raise ValueError(f"a {name} is outside 0..{classes - 1}")
    cells = true.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def accuracy(matrix: Counts) -> float:
    """The share of pictures on the diagonal; NaN without pictures."""
    n = int(matrix.sum())
    return int(matrix.trace()) / n if n else math.nan


def per_class(matrix: Counts) -> PerClass:
    """Precision, recall and F1 of each class. Shapes: (K,K) -> (K,)."""
    return class_scores(np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0))


def class_scores(hits: Counts, support: Counts, predicted: Counts) -> PerClass:
    """The same from how many pictures of each class were found, are there, and were taken for it. Shapes: (K,)."""
    return PerClass(
        precision=_ratio(hits, predicted),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + predicted),
        support=support,
        predicted=predicted,
    )


def macro_f1(matrix: Counts) -> float:
    """The mean of the defined F1, each class the same weight; NaN without pictures."""
    return mean_of_defined(per_class(matrix).f1)


def mean_of_defined(values: Floats) -> float:
    """The mean of those that are not NaN, correctly rounded; NaN if there is none."""
    defined = [value for value in values.tolist() if not math.isnan(value)]
    return math.fsum(defined) / len(defined) if defined else math.nan


def mean_loss(losses: Iterable[float]) -> float:
    """The mean of per-picture losses, in nats, correctly rounded: the same in any order and batching."""
    values = [float(loss) for loss in losses]
    return math.fsum(values) / len(values) if values else math.nan


def _ratio(part: Counts, whole: Counts) -> Floats:
    ratio = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
