"""What ``evaluate`` left in the folder of a run, read back: which pictures its best model got right."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nettrain.errors import CheckpointError
from nettrain.files.causes import fault
from nettrain.training.store import json_text
from nettrain.training.store.run_folder import RunFolder, read_text

NEEDED = ("n", "loss", "macro_f1", "per_class", "data_fingerprint")  # of evaluate's object, beside the accuracy


@dataclass(frozen=True)
class Predictions:
    """What ``evaluate`` left in a run: its numbers on n pictures; by path which were right, and their labels."""

    split: str
    numbers: Mapping[str, Any]
    right: Mapping[str, bool]
    labels: Mapping[str, str]

    @property
    def accuracy(self) -> str:
        """What the share of pictures that are right is called: every label is, where a picture may have several."""
        return _accuracy(self.numbers)

    @property
    def fingerprint(self) -> str:
        return str(self.numbers["data_fingerprint"])


def predictions_of(folder: RunFolder, split: str, model: str | None) -> Predictions | None:
    """Those on a split; None where there are none, or where they are of another model than ``model``, its SHA-256.

    Errors   ``CheckpointError`` if they are damaged.
    """
    path, table = folder.evaluate / f"{split}.json", folder.evaluate / f"predictions_{split}.csv"
    if not (path.exists() and table.exists()):
        return None
    try:
        numbers = json_text.parse(read_text(path))
        if numbers["model_sha256"] != model:
            return None
        with open(table, encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, strict=True))
        if lacking := [name for name in (*NEEDED, f"{_accuracy(numbers)}_ci95") if name not in numbers]:
            raise ValueError(f"{path.name} has no {', '.join(lacking)}")
        right = {row["path"]: row["correct"] == "1" for row in rows}
        if len(right) != numbers["n"]:
            raise ValueError(f"{len(right)} pictures for {numbers['n']}")
    except OSError as error:
        raise fault(table, "read", error) from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        message = f"is damaged, or not what belongs to {path.name} ({error}); evaluate the run again"
        raise CheckpointError(message, os.fspath(table)) from error
    return Predictions(split, numbers, right, {row["path"]: row["true"] for row in rows})


def _accuracy(numbers: Mapping[str, Any]) -> str:
    return "accuracy" if "accuracy" in numbers else "subset_accuracy"
