"""The rows that predict prints: JSON lines, CSV, or a table; one a picture, in input order, also for a bad one.

A format has a head (text before the first row) and turns each prediction into one line. No control byte of a path, a
label or an error reaches the output. Texts may hold any printable character: write them as UTF-8.
"""

from __future__ import annotations

import base64
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nettrain.errors import Diverged, escape
from nettrain.formats import ROWS
from nettrain.training.store.csv_text import csv_text
from nettrain.training.store.json_text import plain

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: that costs more than a row


@dataclass(frozen=True)
class Prediction:
    """What is known of one picture: probabilities, float32 (K,), or an error."""

    path: str | bytes
    probabilities: NDArray[np.float32] | None = None
    error: str | None = None

    def __post_init__(self) -> None:
        if self.probabilities is not None and not np.isfinite(self.probabilities).all():
            raise Diverged("a probability is not finite; expected a model that has not diverged", self.shown_path)

    @property
    def shown_path(self) -> str:
        """As text, in any locale; the bytes of a path that is not UTF-8 are there as surrogates."""
        return os.fsencode(self.path).decode("utf-8", "surrogateescape")

    def best(self, count: int) -> list[tuple[int, float]]:
        """Classes and their probabilities, best first; of equals the first class is the better; none if it is bad."""
        if self.probabilities is None:
            return []
        if count == 1:
            order = [int(self.probabilities.argmax())]
        else:
            order = np.argsort(-self.probabilities, kind="stable")[:count].tolist()
        return [(k, plain(self.probabilities[k])) for k in order]


@dataclass(frozen=True)
class Format(ABC):
    """How predictions become lines: ``top`` classes each, or all; ``width`` is that of the longest path, for tables.

    With ``least`` every row says whether it is unsure: no class has that much confidence, as it is printed. ``views``
    is how many of each picture its probabilities are the mean over, where that is asked for; then every row says so.
    """

    classes: Sequence[str]
    top: int = 1
    all: bool = False
    width: int = 0
    least: float | None = None
    views: int | None = None

    @property
    def count(self) -> int:
        """Classes that a row names."""
        return len(self.classes) if self.all else self.top

    @property
    def tells_unsure(self) -> bool:
        """Whether rows say that they are unsure, or not."""
        return self.least is not None

    def is_unsure(self, found: Prediction) -> bool:
        """Whether the best class is below ``least``; a bad picture is not unsure, but bad."""
        return self.least is not None and any(p < self.least for _, p in found.best(1))

    def head(self) -> str:
        return ""

    @abstractmethod
    def row(self, found: Prediction) -> str:
        """The one line of a prediction."""


class JsonLines(Format):
    """``{"path","label","confidence","index","top":[{"label","confidence"}],"error",...}``, nulls for a bad picture.

    A path that is not UTF-8 is escaped, and ``path_b64`` beside it has its bytes. With ``least`` there is ``unsure``,
    and where that is true label and index are null; with ``views`` there is ``views``.
    """

    def row(self, found: Prediction) -> str:
        path = found.shown_path
        row: dict[str, Any] = {"path": utf8(path)}
        if row["path"] != path:
            row["path_b64"] = base64.b64encode(os.fsencode(found.path)).decode("ascii")
        row |= self.described(found)
        row["error"] = None if found.error is None else utf8(found.error)
        if self.tells_unsure:
            row["unsure"] = None if found.error is not None else self.is_unsure(found)
        if self.is_unsure(found):
            row |= {"label": None, "index": None}
        if self.views is not None:
            row["views"] = self.views
        row["format_version"] = ROWS
        return _printable(_json(row)) + "\n"

    def described(self, found: Prediction) -> dict[str, Any]:
        """What the model makes of the picture."""
        top = [{"label": utf8(self.classes[k]), "confidence": p, "index": k} for k, p in found.best(self.count)]
        best = top[0] if top else {"label": None, "confidence": None, "index": None}
        return {**best, "top": [{"label": one["label"], "confidence": one["confidence"]} for one in top] or None}


class Csv(Format):
    """``path,label,confidence,index,error``, with ``least`` also ``unsure``, with ``views`` also ``views``.

    With ``all`` there is a column ``p:<class>`` each. Texts are escaped.
    """

    def head(self) -> str:
        columns = ["path", "label", "confidence", "index", "error", *(["unsure"] if self.least is not None else ())]
        return csv_text([columns + self.last_columns()])

    def last_columns(self) -> list[str]:
        """Those of the views, and of the probabilities of all classes."""
        views = [] if self.views is None else ["views"]
        return views + [f"p:{name}" for name in self.classes if self.all]

    def last_cells(self, found: Prediction) -> list[object]:
        """What stands under them."""
        views: list[object] = [] if self.views is None else [self.views]
        if not self.all:
            return views
        return views + ([None] * len(self.classes) if found.probabilities is None else list(found.probabilities))

    def row(self, found: Prediction) -> str:
        cells: list[object] = [found.shown_path, None, None, None, found.error]
        for k, p in found.best(1):
            named = (None, p, None) if self.is_unsure(found) else (self.classes[k], p, k)
            cells = [found.shown_path, *named, found.error]
        if self.least is not None:
            cells.append(None if found.error is not None else int(self.is_unsure(found)))
        return csv_text([cells + self.last_cells(found)])


class Table(Format):
    """For a terminal: the path, then label and confidence of each class named, or the error."""

    def head(self) -> str:
        columns = [f"{'label':<{self._label}}  confidence"] * min(self.count, len(self.classes))
        return "  ".join([f"{'path':<{self.width}}", *columns]) + "\n"

    def row(self, found: Prediction) -> str:
        named = [f"{escape(self.classes[k]):<{self._label}}  {p:10.4f}" for k, p in found.best(self.count)]
        if self.is_unsure(found):
            named.append("unsure")
        cells = [f"{escape(found.shown_path):<{self.width}}", *(named or [f"error: {escape(found.error)}"])]
        return "  ".join(cells) + "\n"

    @cached_property
    def _label(self) -> int:
        return max(5, *(len(escape(name)) for name in self.classes))


FORMATS: dict[str, Callable[..., Format]] = {
    "jsonl": JsonLines,
    "csv": Csv,
    "table": Table,
}


def utf8(text: str) -> str:
    """The text itself; one that UTF-8 cannot hold (a path of other bytes) escaped."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return escape(text)
    return text


def _printable(text: str) -> str:
    r"""JSON in which what cannot be printed (controls, bidi marks, lone surrogates) is a ``\u`` escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
