"""The rows that predict prints where a picture may have several labels: those that are there, with their scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nettrain.cli.rows import Csv, Format, JsonLines, Prediction, Table, utf8
from nettrain.data.labels import SEPARATOR
from nettrain.errors import escape
from nettrain.training.metrics.scored import THRESHOLD
from nettrain.training.store.csv_text import csv_text


class Labels(Format):
    """What the formats have in common: a label is there if it is at least as probable as ``least``, or else 0.5."""

    tells_unsure = False  # a picture may have no label at all

    def is_unsure(self, found: Prediction) -> bool:
        return False

    def there(self, found: Prediction) -> list[tuple[int, float]]:
        """The labels that are there, the most probable first."""
        least = THRESHOLD if self.least is None else self.least
        return [(k, p) for k, p in found.best(len(self.classes)) if p >= least]


class LabelLines(Labels, JsonLines):
    """``{"path","labels":[...],"scores":[...],"top":[{"label","confidence"}],"error",...}``, nulls for a bad picture.

    ``scores`` are the probabilities of ``labels``; ``top`` are the most probable classes, there or not.
    """

    def described(self, found: Prediction) -> dict[str, Any]:
        if found.probabilities is None:
            return {"labels": None, "scores": None, "top": None}
        there = self.there(found)
        return {
            "labels": [utf8(self.classes[k]) for k, _ in there],
            "scores": [p for _, p in there],
            "top": [{"label": utf8(self.classes[k]), "confidence": p} for k, p in found.best(self.count)],
        }


class LabelCsv(Labels, Csv):
    """``path,labels,scores,error``, ``|`` between labels and scores; with ``all`` a column ``p:<class>`` each."""

    def head(self) -> str:
        return csv_text([["path", "labels", "scores", "error", *self.last_columns()]])

    def row(self, found: Prediction) -> str:
        there = self.there(found)
        labels, scores = (self.classes[k] for k, _ in there), (repr(p) for _, p in there)
        cells: list[object] = [found.shown_path, SEPARATOR.join(labels), SEPARATOR.join(scores), found.error]
        return csv_text([cells + self.last_cells(found)])


class LabelTable(Labels, Table):
    """For a terminal: the path, then each label that is there with its score, ``-`` if there is none, or the error."""

    def head(self) -> str:
        return f"{'path':<{self.width}}  labels\n"

    def row(self, found: Prediction) -> str:
        named = [f"{escape(self.classes[k])} {p:.4f}" for k, p in self.there(found)] or ["-"]
        cells = named if found.error is None else [f"error: {escape(found.error)}"]
        return "  ".join([f"{escape(found.shown_path):<{self.width}}", *cells]) + "\n"


LABEL_FORMATS: dict[str, Callable[..., Format]] = {"jsonl": LabelLines, "csv": LabelCsv, "table": LabelTable}
