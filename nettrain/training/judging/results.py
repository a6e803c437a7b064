"""What ``evaluate`` finds, as the texts it leaves: one JSON object and three CSV tables, the same bytes every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nettrain.data.cache import Bad
from nettrain.data.labels import Labels, are_several, label_text
from nettrain.data.views import Views
from nettrain.errors import DataError, Diverged, escape
from nettrain.formats import ROWS
from nettrain.training.judging.statistics import wilson_interval
from nettrain.training.loop.monitors import accuracy_of
from nettrain.training.metrics.counts import Counts, mean_loss
from nettrain.training.metrics.ranks import auroc_per_class
from nettrain.training.metrics.scored import THRESHOLD, Scored
from nettrain.training.metrics.table import measure
from nettrain.training.store.csv_text import csv_text

CORNER = "rows: true class, columns: predicted"
HEADLINE = ("accuracy", "subset_accuracy", "macro_f1")  # what the summary always has, in their places


@dataclass(frozen=True)
class Evaluation:
    """The raw result on a split: N pictures with their paths, labels, probabilities (N,K) and losses in nats.

    ``labels`` are (N) or, where a picture may have several, (N,K) bool.

    ``metrics`` are those that are told beside accuracy and macro F1; ``views`` are those of each picture that all of
    it is the mean over, None if it was seen as it is.
    """

    split: str
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    labels: Labels
    probabilities: NDArray[np.float32]
    losses: NDArray[np.floating]
    metrics: tuple[str, ...] = ()
    views: Views | None = None

    def __post_init__(self) -> None:
        if not self.paths:
            raise DataError(f"the split {self.split!r} has no pictures; expected at least one")
        for name, values in (("probability", self.probabilities), ("loss", self.losses)):
            bad = np.flatnonzero(~np.isfinite(values).reshape(len(self.paths), -1).all(axis=1))
            if bad.size:
                raise Diverged(f"a {name} is not finite; expected a model that has not diverged", self.paths[bad[0]])

    @cached_property
    def scored(self) -> Scored:
        return Scored(self.labels, self.probabilities)

    @property
    def several(self) -> bool:
        """Whether a picture may have any number of labels."""
        return are_several(self.labels)

    @property
    def predicted(self) -> Labels:
        """The class of the highest probability, the first of equals; or every label that is there, (N,K) bool."""
        return self.scored.predicted

    @property
    def matrix(self) -> Counts:
        """Rows true, columns predicted. Shapes: (K,K)."""
        return self.scored.matrix


def summary(
    result: Evaluation, model_sha256: str, data_fingerprint: str, skipped: Sequence[Bad] = ()
) -> dict[str, Any]:
    """The object in ``evaluate/<split>.json``; what is undefined is None (see metrics/counts.py).

    ``skipped`` are bad pictures, which are none of the ``n``.
    """
    n, hits = len(result.paths), int(result.scored.right.sum())
    accuracy = accuracy_of(result.several)
    return {
        "split": result.split,
        **({} if result.views is None else {"tta": result.views.row()}),
        "n": n,
        accuracy: hits / n,
        f"{accuracy}_ci95": list(wilson_interval(hits, n)),
        "loss": mean_loss(result.losses.tolist()),
        "macro_f1": measure("macro_f1", result.scored),
        **{name: measure(name, result.scored) for name in result.metrics if name not in HEADLINE},
        "per_class": _per_class(result),
        **({"threshold": THRESHOLD} if result.several else {"confusion": _confusion(result)}),
        "model_sha256": model_sha256,
        "data_fingerprint": data_fingerprint,
        "skipped": [{"path": escape(one.path), "reason": escape(one.reason)} for one in skipped],
        "format_version": ROWS,
    }


def _confusion(result: Evaluation) -> dict[str, Any]:
    facts = {"labels": list(result.classes), "matrix": result.matrix.tolist()}
    return {**facts, "rows": "true", "columns": "predicted"}


def confusion_csv(result: Evaluation) -> str:
    """``confusion_<split>.csv``; its first cell says which way round it is."""
    rows = zip(result.classes, result.matrix.tolist(), strict=True)
    return csv_text([[CORNER, *result.classes], *([name, *counts] for name, counts in rows)])


def per_class_csv(result: Evaluation) -> str:
    """``per_class_<split>.csv``; an undefined number is an empty cell."""
    rows = _per_class(result)
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)])


def predictions_csv(result: Evaluation) -> str:
    """``predictions_<split>.csv``: a row a picture, in the split's order, with the probabilities that predict gives."""
    if result.several:
        return _labels_csv(result)
    head = ["path", "true", "predicted", "confidence", "correct", "loss"]
    rows = zip(result.paths, result.labels, result.predicted, result.probabilities, result.losses, strict=True)
    table = (
        [path, result.classes[true], result.classes[best], row[best], int(true == best), loss]
        for path, true, best, row, loss in rows
    )
    return csv_text([head, *table])


def _labels_csv(result: Evaluation) -> str:
    """The same where a picture may have several labels: all of them, and the probability of each class."""
    head = ["path", "true", "predicted", "correct", "loss", *(f"p:{name}" for name in result.classes)]
    scored = result.scored
    rows = zip(
        result.paths, result.labels, scored.predicted, scored.right, result.losses, result.probabilities, strict=True
    )
    table = (
        [path, label_text(true, result.classes), label_text(found, result.classes), int(right), loss, *row]
        for path, true, found, right, loss, row in rows
    )
    return csv_text([head, *table])


def _per_class(result: Evaluation) -> list[dict[str, Any]]:
    found = result.scored.per_class
    areas = auroc_per_class(result.scored)
    columns = zip(result.classes, found.precision, found.recall, found.f1, found.support, areas, strict=True)
    return [
        {
            "label": label,
            "precision": _defined(precision),
            "recall": _defined(recall),
            "f1": _defined(f1),
            "support": int(support),
            "auroc": _defined(area),
        }
        for label, precision, recall, f1, support, area in columns
    ]


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
