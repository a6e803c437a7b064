"""Judged pictures as metrics see them: labels beside probabilities, and the counts that several metrics share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettrain.data.labels import Labels, are_several
from nettrain.training.metrics.counts import Array, Bools, Counts, PerClass, class_scores, confusion_matrix, per_class

THRESHOLD = 0.5  # a label that is as probable as this is there, where a picture may have several


@dataclass(frozen=True)
class Scored:
    """N pictures: ``labels`` (N) or, where each may have several, (N,K) bool; ``probabilities`` (N,K)."""

    labels: Labels
    probabilities: Array

    @cached_property
    def predicted(self) -> Array:
        """The class of the highest probability, the first of equals; or every label that is there.

        Shapes   (N) or, with several labels, (N,K) bool.
        """
        if are_several(self.labels):
            found: Bools = self.probabilities >= THRESHOLD
            return found
        best: Array = self.probabilities.argmax(axis=1)
        return best

    @cached_property
    def right(self) -> Bools:
        """Which pictures are right: in their class, or in every label. Shapes: (N,)."""
        same: Bools = self.predicted == self.labels
        return np.logical_and.reduce(same, axis=1) if are_several(self.labels) else same

    @cached_property
    def matrix(self) -> Counts:
        """Of one label a picture: rows true, columns predicted. Shapes: (K,K)."""
        return confusion_matrix(self.labels, self.predicted, self.probabilities.shape[1])

    @cached_property
    def per_class(self) -> PerClass:
        """Precision, recall and F1 of each class. Shapes: (K,)."""
        if not are_several(self.labels):
            return per_class(self.matrix)
        hits = (self.labels & self.predicted).sum(axis=0, dtype=np.int64)
        return class_scores(hits, *(which.sum(axis=0, dtype=np.int64) for which in (self.labels, self.predicted)))

    def is_of(self, place: int) -> Bools:
        """Which pictures have this class. Shapes: (N,)."""
        of: Bools = self.labels[:, place] if are_several(self.labels) else self.labels == place
        return of
