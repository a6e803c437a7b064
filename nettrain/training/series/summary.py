"""What the runs of a series reached together: a table with mean and spread, and gates judged on all of them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettrain.config.fields import FilePath
from nettrain.errors import CheckpointError, ConfigError, DataError, escape
from nettrain.files import whole
from nettrain.files.causes import AnyPath
from nettrain.training.judging.gates import Gate, GateConfig, Seen, judge_gates
from nettrain.training.judging.gating import evaluated, hits
from nettrain.training.judging.judging import judge_split, splits_of_run
from nettrain.training.judging.predictions import Predictions, predictions_of
from nettrain.training.judging.statistics import mean_and_spread
from nettrain.training.model_file import load_model
from nettrain.training.pictures import Report
from nettrain.training.series.series import Member, Series
from nettrain.training.store.csv_text import csv_text
from nettrain.training.store.run_folder import RunFolder, read_text
from nettrain.training.store.runs import find_model

SUMMARY = "summary.csv"
NOT_REACHED = frozenset({"epoch", "step", "lr"})  # columns of metrics.csv that say when, and not how good
JUDGED = ("accuracy", "subset_accuracy", "loss", "macro_f1")  # of evaluate's object


@dataclass(frozen=True)
class Reached:
    """A finished run of a series: its best epoch, what it reached there, and on pictures that it was judged on."""

    member: Member
    monitor: str
    best_epoch: int
    numbers: dict[str, float]
    predictions: Predictions | None


def reached(member: Member, folder: RunFolder, gate: GateConfig | None, report: Report) -> Reached:
    """Read what a run reached; its best model is judged on the test pictures first, or for a gate on those of val.

    Errors   ``CheckpointError`` if the run is damaged; those of ``judge_split``.
    """
    best = folder.read_run().get("best") or {}
    epoch, monitor = best.get("epoch"), str(best.get("monitor"))
    rows = csv.DictReader(io.StringIO(read_text(folder.metrics)))
    row = next((row for row in rows if row.get("epoch") == str(epoch)), None)
    if row is None:
        raise CheckpointError(f"has no row of the best epoch, {epoch}; start the run again", os.fspath(folder.metrics))
    numbers = {name: float(cell) for name, cell in row.items() if cell and name not in NOT_REACHED}
    found = _judged(folder, gate, report)
    if found is not None and found.split == "test":
        numbers |= {f"test_{name}": float(found.numbers[name]) for name in JUDGED if name in found.numbers}
    return Reached(member, monitor, int(row["epoch"]), numbers, found)


def _judged(folder: RunFolder, gate: GateConfig | None, report: Report) -> Predictions | None:
    """What its best model makes of the pictures: for a gate as they are now, else as they were judged."""
    splits = splits_of_run(folder)
    split = splits.test or (None if gate is None else splits.val)
    if split is None:
        return None
    model = load_model(find_model(folder.path))
    found = predictions_of(folder, split.name, model.sha256) if gate is None else None
    if found is None:
        evaluated(model, split, None, report).write(folder)
        found = predictions_of(folder, split.name, model.sha256)
    return found


@dataclass(frozen=True)
class Summary:
    """The table: a row a run, and for each number its mean and standard deviation over the n runs."""

    series: Series
    rows: tuple[Reached, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The numbers that every run has."""
        first = self.rows[0].numbers
        return tuple(name for name in first if all(name in row.numbers for row in self.rows))

    def spread(self, column: str) -> tuple[float, float | None]:
        """Mean and standard deviation of a number."""
        return mean_and_spread([row.numbers[column] for row in self.rows])

    def table(self) -> list[list[object]]:
        """The head, the runs, and at the end mean, std and n."""
        columns = self.columns
        head: list[object] = ["run", self.series.each, "best_epoch", *columns]
        runs: list[list[object]] = [
            [row.member.name, row.member.number, row.best_epoch, *(row.numbers[column] for column in columns)]
            for row in self.rows
        ]
        spreads = [self.spread(column) for column in columns]
        means, deviations = (["mean", None, None, *values] for values in zip(*spreads, strict=True))
        deviations[0] = "std"
        return [head, *runs, means, deviations, ["n", None, None, *(len(self.rows) for _ in columns)]]

    def write(self, path: AnyPath) -> None:
        """summary.csv."""
        whole.write_atomic(path, csv_text(self.table()).encode())


def judge_series(
    rows: Sequence[Reached], folders: Sequence[RunFolder], gate: GateConfig, report: Report
) -> tuple[Gate, ...]:
    """Gates on all runs together: each picture counts once, with the share of the runs that got it right.

    Over folds that is every picture, judged by the run that has not learnt from it; over seeds the mean of the runs.

    Errors   ``ConfigError`` if there are no pictures to judge on; those of ``judge_split``, for the other run that a
             gate names.
    """
    judged = [row.predictions for row in rows if row.predictions is not None]
    if not judged:
        message = "has no pictures to test or validate on, so nothing can be judged"
        raise ConfigError(message, os.fspath(folders[0].path))
    classes = tuple(str(row["label"]) for row in judged[0].numbers["per_class"])
    labels = {path: label for one in judged for path, label in one.labels.items()}
    paths = sorted(labels)
    shares = [np.mean([one.right[path] for one in judged if path in one.right]) for path in paths]
    several = "confusion" not in judged[0].numbers  # then no gate asks for the label
    index = {escape(name): place for place, name in enumerate(classes)}  # as a table has it
    places = np.array([0 if several else index[labels[path]] for path in paths])
    seen = Seen(judged[0].split, classes, places, np.array(shares), len(judged))
    other = None
    if gate.not_worse_than is not None:
        right = _right_of(gate.not_worse_than.run, folders, judged, report)
        if right.keys() != labels.keys():
            message = "its model cannot read the same pictures as ours, so the two cannot be compared"
            raise DataError(message, os.fspath(gate.not_worse_than.run))
        other = np.array([right[path] for path in paths])
    return judge_gates(gate, seen, other)


def _right_of(
    path: FilePath, folders: Sequence[RunFolder], judged: Sequence[Predictions], report: Report
) -> dict[str, float]:
    """Another run's best model on all pictures that the runs of a series were judged on; on each once."""
    model = load_model(find_model(path))
    right: dict[str, float] = {}
    for folder, one in zip(folders, judged, strict=True):
        if one.right.keys() <= right.keys():
            continue
        split = next(split for split in splits_of_run(folder).all() if split.name == one.split)
        result = judge_split(model, split, report).result
        right.update(zip(map(escape, result.paths), hits(result).tolist(), strict=True))
    return right
