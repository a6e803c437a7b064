"""What ``evaluate`` left in the folder of a run, read back: which pictures its best model got right."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nettrain import files
from nettrain.errors import CheckpointError
from nettrain.training import json_text
from nettrain.training.run_folder import RunFolder, read_text


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
        return "accuracy" if "accuracy" in self.numbers else "subset_accuracy"

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
        right = {row["path"]: row["correct"] == "1" for row in rows}
        if len(right) != numbers["n"]:
            raise ValueError(f"{len(right)} pictures for {numbers['n']}")
    except OSError as error:
        raise files.fault(table, "read", error) from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        message = f"is damaged, or not what belongs to {path.name} ({error}); evaluate the run again"
        raise CheckpointError(message, os.fspath(table)) from error
    return Predictions(split, numbers, right, {row["path"]: row["true"] for row in rows})
