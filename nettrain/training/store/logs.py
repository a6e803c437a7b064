"""The three logs of a run: metrics.csv and events.jsonl, the same bytes in every repetition, and timings.csv."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nettrain.errors import CheckpointError, Diverged
from nettrain.files.causes import AnyPath, fault
from nettrain.files.growing import Log
from nettrain.training.store import json_text
from nettrain.training.store.csv_text import csv_text


class CsvLog(Log):
    """A growing table, such as metrics.csv or timings.csv; ``size`` is what a checkpoint records.

    ``length`` cuts the file first: to 0 for a new run, to what the checkpoint recorded for a resumed one; None cuts
    what a dead process left of a line.
    Errors   CheckpointError if the file has other columns; Diverged if a number is NaN or infinity.
    """

    def __init__(self, path: AnyPath, columns: Sequence[str], length: int | None = None) -> None:
        self.columns = tuple(columns)
        head = csv_text([self.columns])
        super().__init__(path, _whole_lines(path) if length is None else length)
        if not self.size:
            self.append(head)
        elif (found := _first_line(path)) != head:
            self.close()
            message = f"has the columns {found.strip()!r}; expected {head.strip()!r}, as this run writes them"
            raise CheckpointError(message, self.path)

    def row(self, values: Mapping[str, object]) -> None:
        """Add a line; a column without a value stays empty."""
        if unknown := values.keys() - set(self.columns):
            raise KeyError(f"{self.path} has no column {min(unknown)}")
        for column, value in values.items():
            _check_finite(column, value)
        self.append(csv_text([[values.get(column) for column in self.columns]]))


class EventLog(Log):
    """events.jsonl: one JSON object a line, keys sorted. ``length`` as for ``CsvLog``. Errors: Diverged."""

    def event(self, kind: str, **facts: object) -> None:
        """Add a line ``{"event":kind,...}``."""
        for name, value in facts.items():
            _check_finite(name, value)
        self.append(json_text.canonical({"event": kind, **facts}) + "\n")


def _check_finite(name: str, value: object) -> None:
    value = json_text.plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Diverged(f"{name} is {value}", cure="expected a finite number")


def _whole_lines(path: AnyPath) -> int:
    """Bytes up to the end of the last line that is complete; 0 if there is no such file."""
    try:
        with open(path, "rb") as file:
            return file.read().rfind(b"\n") + 1
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise fault(path, "read", error) from error


def _first_line(path: AnyPath) -> str:
    try:
        with open(path, encoding="utf-8", errors="backslashreplace", newline="") as file:
            return file.readline(1 << 16)
    except OSError as error:
        raise fault(path, "read", error) from error
