"""Runs beside each other: how their configs differ, what they reached, and whether two of them can be told apart."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettrain.config.reader import read_config
from nettrain.config.resolved import to_plain
from nettrain.config.words import some
from nettrain.data.split_csv import read_split_csv
from nettrain.errors import ConfigError, Fault
from nettrain.training.config import TABLES, Config
from nettrain.training.judging.predictions import Predictions, predictions_of
from nettrain.training.judging.statistics import mcnemar_exact, paired_bootstrap
from nettrain.training.run.run_list import present_facts
from nettrain.training.store import checkpoint
from nettrain.training.store.run_folder import read_text
from nettrain.training.store.runs import run_at

SPLITS = ("test", "val", "train", "data")  # in the order in which one is looked for
SURE = 0.05  # a smaller p is taken for a difference
PATHS = ("data.train", "data.val", "data.test", "model.from.path")  # no part of the result, but of where it comes from


@dataclass(frozen=True)
class Compared:
    """A run: its facts (``run.json``), its config as dotted keys, and its predictions by split, those of its best."""

    path: str
    facts: Mapping[str, Any]
    config: Mapping[str, Any]
    predictions: Mapping[str, Predictions]
    tests: bool


@dataclass(frozen=True)
class Pair:
    """Two runs on the same pictures: how many both got right, only one, or neither; the second less the first.

    ``difference`` of accuracies with its 95 % interval, by bootstrap; ``p`` of McNemar's exact test.
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    difference: float
    interval: tuple[float, float]
    p: float

    @property
    def distinguishable(self) -> bool:
        return self.p < SURE


def read_run(path: str) -> Compared:
    """A run that may be compared.

    Errors   ``ConfigError`` if it is no run; ``CheckpointError`` if a part of it is damaged.
    """
    folder = run_at(path)
    facts = present_facts(folder)
    config = read_config(folder.resolved, Config, TABLES).config
    rows = read_split_csv(read_text(folder.split), os.fspath(folder.split))
    model = checkpoint.load(folder.best).sha256 if folder.best.is_file() else None
    found = {split: one for split in SPLITS if (one := predictions_of(folder, split, model)) is not None}
    return Compared(path, facts, _compared(config), found, any(row.split == "test" for row in rows))


def _compared(config: Config) -> dict[str, Any]:
    """The keys of a config that can change a result, and the paths of what it begins with, in the config's order."""
    result = dict(_flat(to_plain(config, environment=False)))
    whole = _flat(to_plain(config, environment=True))
    return {**{key: value for key, value in whole if key in result or key.startswith(PATHS)}, **result}


def common_split(runs: Sequence[Compared], wanted: str | None) -> tuple[str, list[str]]:
    """The split to compare on, and the commands to run first for those that have not been judged on it.

    Errors   ``ConfigError`` if a split is wanted that a run has not been judged on.
    """
    split = wanted or _suggested(runs)
    option = "--data FOLDER" if split == "data" else f"--split {split}"
    lacking = [run.path for run in runs if split not in run.predictions]
    if wanted is not None and lacking:
        how = "the best model has not been judged on {}; run: nettrain evaluate {} {}"
        raise ConfigError(faults=[Fault(how.format(split, path, option), path) for path in lacking])
    return split, [f"nettrain evaluate {path} {option}" for path in lacking]


def _suggested(runs: Sequence[Compared]) -> str:
    for enough in (all, any):
        for split in SPLITS:
            if enough(split in run.predictions for run in runs):
                return split
    return "test" if all(run.tests for run in runs) else "val"


def other_pictures(runs: Sequence[Compared], split: str) -> str | None:
    """How the pictures differ that two of the runs were judged on; None if all were judged on the same."""
    judged = [(run.path, run.predictions[split]) for run in runs if split in run.predictions]
    for path, found in judged[1:]:
        first_path, first = judged[0]
        if (found.fingerprint, found.right.keys()) == (first.fingerprint, first.right.keys()):
            continue
        shared = len(found.right.keys() & first.right.keys())
        same = f"{shared} have the same path"
        if shared == len(found.right) == len(first.right):
            same = "the paths are the same, but not what is in them"
        ours = f"{first_path} was judged on {some(len(first.right), f'{split} picture')}"
        return f"{ours}, {path} on {len(found.right)} others ({same})"
    return None


def compare_pair(first: Predictions, second: Predictions) -> Pair:
    """Two runs that were judged on the same pictures."""
    paths = sorted(first.right)
    ours = np.array([first.right[path] for path in paths])
    theirs = np.array([second.right[path] for path in paths])
    only_first, only_second = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    differences = theirs.astype(np.float64) - ours
    return Pair(
        int((ours & theirs).sum()),
        only_first,
        only_second,
        int((~ours & ~theirs).sum()),
        (only_second - only_first) / len(paths),
        paired_bootstrap(differences),
        mcnemar_exact(only_first, only_second),
    )


def differing(runs: Sequence[Compared]) -> list[str]:
    """The keys of the config in which the runs differ, in the order of the config."""
    keys = list(dict.fromkeys(key for run in runs for key in run.config))
    return [key for key in keys if any(run.config.get(key) != runs[0].config.get(key) for run in runs)]


def _flat(plain: Any, key: str = "") -> list[tuple[str, Any]]:
    """A plain config as dotted keys with their values."""
    if isinstance(plain, dict) and plain:
        return [pair for name, inner in plain.items() for pair in _flat(inner, f"{key}.{name}" if key else name)]
    if isinstance(plain, list) and any(isinstance(item, (dict, str)) for item in plain):
        return [pair for place, item in enumerate(plain) for pair in _flat(item, f"{key}.{place}")]
    return [(key, plain)]
