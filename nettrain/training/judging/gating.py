"""A model judged on pictures with its gates, and what that leaves in the folder of its run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nettrain.config.dotted import Override
from nettrain.config.fields import FilePath, Record
from nettrain.config.reader import read_config, read_text
from nettrain.data.split import Split
from nettrain.errors import DataError
from nettrain.files import whole
from nettrain.files.causes import AnyPath
from nettrain.files.folders import make_folder
from nettrain.training.config import TABLES, Config
from nettrain.training.judging import results
from nettrain.training.judging.gate_check import check_other
from nettrain.training.judging.gates import Gate, GateConfig, Seen, judge_gates
from nettrain.training.judging.judging import Judgement, judge_split, judged_split
from nettrain.training.model_file import Model, load_model
from nettrain.training.pictures import Report
from nettrain.training.store import json_text
from nettrain.training.store.run_folder import RunFolder
from nettrain.training.store.runs import find_model

MIN_ACCURACY = "--min-accuracy"
GATE_JSON = "gate.json"


@dataclass(frozen=True)
class GateOnly(Record):
    """A gate on its own, as ``--min-accuracy`` gives it."""

    gate: GateConfig | None = None


@dataclass(frozen=True)
class Evaluated:
    """What a model made of a split, whether its gates are met, and both as the object of ``evaluate --json``."""

    judgement: Judgement
    gates: tuple[Gate, ...]
    summary: dict[str, Any]

    @property
    def text(self) -> str:
        return json_text.by_key(self.summary)

    def write(self, folder: RunFolder) -> None:
        """Into ``evaluate/`` of the run; a mean over several views has names of its own."""
        result = self.judgement.result
        of = result.split if result.views is None else f"{result.split}-tta"
        make_folder(folder.evaluate)
        for name, content in (
            (f"{of}.json", self.text),
            *([] if result.several else [(f"confusion_{of}.csv", results.confusion_csv(result))]),
            (f"per_class_{of}.csv", results.per_class_csv(result)),
            (f"predictions_{of}.csv", results.predictions_csv(result)),
        ):
            whole.write_atomic(folder.evaluate / name, content.encode())


def evaluated(model: Model, split: Split, gate: GateConfig | None, report: Report, tta: bool = False) -> Evaluated:
    """The model on every picture of a split, and its gates; with ``tta`` all of it over several views of each.

    Errors   those of ``judge_split``, for the other run's model too.
    """
    judgement = judge_split(model, split, report, tta)
    result = judgement.result
    gates: tuple[Gate, ...] = ()
    if gate is not None:
        other = None
        if gate.not_worse_than is not None:
            other = _hits_of(gate.not_worse_than.run, split, result, report, tta)
        gates = judge_gates(gate, Seen(result.split, result.classes, result.labels, hits(result)), other)
    summary = results.summary(result, model.sha256, judgement.data_fingerprint, judgement.skipped)
    if gates:
        summary["gates"] = [one.row() for one in gates]
    return Evaluated(judgement, gates, summary)


def hits(result: results.Evaluation) -> NDArray[np.float64]:
    """1 for each picture that was classified rightly, in every label, 0 for the others. Shapes: (N,)."""
    return np.asarray(result.scored.right, np.float64)


def _hits_of(path: FilePath, split: Split, ours: results.Evaluation, report: Report, tta: bool) -> NDArray[np.float64]:
    """Those of another run's best model, on the same pictures."""
    theirs = judge_split(load_model(find_model(path)), split, report, tta).result
    if theirs.paths != ours.paths:
        message = "its model cannot read the same pictures as ours, so the two cannot be compared; see on_bad_image"
        raise DataError(message, os.fspath(path))
    return hits(theirs)


def gate_of(folder: RunFolder | None, min_accuracy: str | None) -> GateConfig | None:
    """The gate of a run's config, if there is a run, with ``--min-accuracy`` in place of its accuracy.

    Errors   ``ConfigError``.
    """
    given = [] if min_accuracy is None else [Override("gate.accuracy", min_accuracy, MIN_ACCURACY)]
    if folder is not None and folder.resolved.exists():
        document = read_config(folder.resolved, Config, TABLES, given)
        check_other(document)
        return document.config.gate
    return read_text("{}", MIN_ACCURACY, GateOnly, TABLES, os.curdir, given).config.gate


def judge_run(folder: RunFolder, gate: GateConfig, report: Report) -> Evaluated:
    """A finished run's best model judged on its test pictures, or else those to validate on; left in its folder.

    ``gate.json`` has the gates alone, ``evaluate/`` the rest.

    Errors   those of ``evaluated``.
    """
    found = evaluated(load_model(find_model(folder.path)), judged_split(folder), gate, report)
    found.write(folder)
    write_gates(folder.path / GATE_JSON, found.gates, found.summary)
    return found


def write_gates(path: AnyPath, gates: Sequence[Gate], about: Mapping[str, Any]) -> None:
    """gate.json: whether all are met, each, and of which model and pictures."""
    told = {key: about[key] for key in ("split", "n", "model_sha256", "data_fingerprint") if key in about}
    facts = {"met": all(gate.met for gate in gates), "gates": [gate.row() for gate in gates], **told}
    whole.write_atomic(path, json_text.by_key(facts).encode())
