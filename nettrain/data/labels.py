"""Labels of N pictures: one class each, (N,) int64, or any number of K classes, (N,K) bool."""

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
