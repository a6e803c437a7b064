"""Labels of N pictures: one class each, (N,) int64, or any number of K classes, (N,K) bool.

Of mixed pictures they are shares, (N,K) float32: how much of a picture has the label of each class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[Any]
SEPARATOR = "|"  # between the labels of a picture that has several, where they are text


def are_several(labels: Labels) -> bool:
    """Whether a picture may have any number of labels."""
    return labels.ndim == 2


def are_shares(labels: Labels) -> bool:
    """Whether they are shares of classes, as those of mixed pictures are."""
    return labels.dtype.kind == "f"


def as_shares(labels: Labels, classes: int) -> npt.NDArray[np.float32]:
    """1 for every class that a picture has, 0 for the others.  Shapes: (N) or (N,K) -> (N,K)."""
    return labels.astype(np.float32) if are_several(labels) else np.eye(classes, dtype=np.float32)[labels]


def mostly(shares: npt.NDArray[np.float32], several: bool) -> Labels:
    """What pictures mostly are: the class of the largest share, the first of equals, or every one of at least a half.

    Shapes   (N,K) -> (N) int64, or with several labels a picture (N,K) bool.
    """
    found: Labels = shares >= 0.5 if several else shares.argmax(axis=1)
    return found


def counts(labels: Labels, classes: int) -> npt.NDArray[np.int64]:
    """How many pictures each class has.  Shapes: (N) or (N,K) -> (K)."""
    found: npt.NDArray[np.int64]
    found = labels.sum(axis=0, dtype=np.int64) if are_several(labels) else np.bincount(labels, minlength=classes)
    return found.astype(np.int64, copy=False)


def label_text(label: Any, classes: Sequence[str]) -> str:
    """What a picture is labelled with, as text: the name of its class, or several with ``|`` between them."""
    if np.ndim(label):
        return SEPARATOR.join(classes[k] for k in np.flatnonzero(label).tolist())
    return classes[int(label)]


def count_right(outputs: npt.NDArray[Any], labels: Labels) -> int:
    """How many pictures of a batch a network has right: the best class, or with several labels every one of them.

    Shapes   outputs (N,K), logits where there are several labels; labels (N) or (N,K).
    """
    if are_several(labels):
        return int(((outputs >= 0) == labels).all(axis=1).sum())
    return int((outputs.argmax(axis=1) == labels).sum())
