"""What ``evaluate`` finds, as the texts it leaves: one JSON object and three CSV tables, the same bytes every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nettrain.errors import DataError, Diverged
from nettrain.formats import ROWS
from nettrain.training import metrics
from nettrain.training.csv_text import csv_text
from nettrain.training.statistics import wilson_interval

CORNER = "rows: true class, columns: predicted"


@dataclass(frozen=True)
class Evaluation:
    """The raw result on a split: N pictures with their paths, true classes, probabilities (N,K) and losses in nats."""

    split: str
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    labels: NDArray[np.integer]
    probabilities: NDArray[np.float32]
    losses: NDArray[np.floating]

    def __post_init__(self) -> None:
        if not self.paths:
            raise DataError(f"the split {self.split!r} has no pictures; expected at least one")
        for name, values in (("probability", self.probabilities), ("loss", self.losses)):
            bad = np.flatnonzero(~np.isfinite(values).reshape(len(self.paths), -1).all(axis=1))
            if bad.size:
                raise Diverged(f"a {name} is not finite; expected a model that has not diverged", self.paths[bad[0]])

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The class of the highest probability, the first of equals. Shapes: (N,)."""
        best: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return best

    @property
    def matrix(self) -> metrics.Counts:
        """Rows true, columns predicted. Shapes: (K,K)."""
        return metrics.confusion_matrix(self.labels, self.predicted, len(self.classes))


def summary(result: Evaluation, model_sha256: str, data_fingerprint: str) -> dict[str, Any]:
    """The object in ``evaluate/<split>.json``; what is undefined is None (see metrics.py)."""
    matrix, n = result.matrix, len(result.paths)
    return {
        "split": result.split,
        "n": n,
        "accuracy": metrics.accuracy(matrix),
        "accuracy_ci95": list(wilson_interval(int(matrix.trace()), n)),
        "loss": metrics.mean_loss(result.losses.tolist()),
        "macro_f1": metrics.macro_f1(matrix),
        "per_class": _per_class(result.classes, matrix),
        "confusion": {
            "labels": list(result.classes),
            "matrix": matrix.tolist(),
            "rows": "true",
            "columns": "predicted",
        },
        "model_sha256": model_sha256,
        "data_fingerprint": data_fingerprint,
        "format_version": ROWS,
    }


def confusion_csv(result: Evaluation) -> str:
    """``confusion_<split>.csv``; its first cell says which way round it is."""
    rows = zip(result.classes, result.matrix.tolist(), strict=True)
    return csv_text([[CORNER, *result.classes], *([name, *counts] for name, counts in rows)])


def per_class_csv(result: Evaluation) -> str:
    """``per_class_<split>.csv``; an undefined number is an empty cell."""
    rows = _per_class(result.classes, result.matrix)
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)])


def predictions_csv(result: Evaluation) -> str:
    """``predictions_<split>.csv``: a row a picture, in the split's order, with the probabilities that predict gives."""
    head = ["path", "true", "predicted", "confidence", "correct", "loss"]
    rows = zip(result.paths, result.labels, result.predicted, result.probabilities, result.losses, strict=True)
    table = (
        [path, result.classes[true], result.classes[best], row[best], int(true == best), loss]
        for path, true, best, row, loss in rows
    )
    return csv_text([head, *table])


def _per_class(classes: Sequence[str], matrix: metrics.Counts) -> list[dict[str, Any]]:
    found = metrics.per_class(matrix)
    columns = zip(classes, found.precision, found.recall, found.f1, found.support, strict=True)
    return [
        {
            "label": label,
            "precision": _defined(precision),
            "recall": _defined(recall),
            "f1": _defined(f1),
            "support": int(support),
        }
        for label, precision, recall, f1, support in columns
    ]


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
