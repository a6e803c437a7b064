"""The runs in a folder, newest first, and runs removed: never one that is going on, never what is no run."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nettrain.errors import CheckpointError, ConfigError, Fault
from nettrain.files.causes import AnyPath
from nettrain.files.folders import remove_folder
from nettrain.files.lock import LOCK, Lock, is_held
from nettrain.training.loop.monitors import best_mode
from nettrain.training.store.run_folder import RunFolder, listed, read_text
from nettrain.training.store.runs import SERIES, is_series, why_no_run


@dataclass(frozen=True)
class Listed:
    """A run as it is listed; what is not known of a damaged one is None. ``bytes`` are all that its folder takes."""

    path: str
    state: str
    epochs: int | None
    monitor: str | None
    best: float | None
    best_epoch: int | None
    started: str
    bytes: int


def list_runs(folder: AnyPath) -> list[Listed]:
    """Every run in a folder, those of a series among them, newest first.

    Errors   ``ConfigError`` if there is no such folder.
    """
    if not os.path.isdir(folder):
        raise ConfigError("no such folder; expected one that holds runs", os.fspath(folder))
    found = [_listed(path) for path in _runs_in(Path(folder))]
    return sorted(found, key=lambda run: (run.started, run.path), reverse=True)


def _runs_in(folder: Path) -> Iterator[Path]:
    for name in listed(folder):
        path = folder / name
        if is_series(path):
            yield from (path / member for member in listed(path) if _is_run(path / member))
        elif _is_run(path):
            yield path


def _is_run(path: Path) -> bool:
    return path.is_dir() and RunFolder(path).is_run()


def _listed(path: Path) -> Listed:
    try:
        facts = present_facts(RunFolder(path))
    except ConfigError:
        facts = {"state": "begun"}  # it died between its first checkpoint and its run.json
    except CheckpointError:
        facts = {"state": "damaged"}
    best: dict[str, Any] = facts.get("best") or {}
    return Listed(
        os.fspath(path),
        str(facts.get("state")),
        facts.get("epoch"),
        best.get("monitor"),
        best.get("value"),
        best.get("epoch"),
        str(facts.get("started") or ""),
        _bytes_in(path),
    )


def present_facts(folder: RunFolder) -> dict[str, Any]:
    """What run.json says; of a run that is going on, or died, what has happened since it was written.

    Errors   those of ``RunFolder.read_run``; ``EnvironmentFault``.
    """
    facts = folder.read_run()
    if facts.get("state") != "running":
        return facts
    if not is_held(folder.path):
        facts["state"] = "died"
    monitor = str((facts.get("best") or {}).get("monitor"))
    rows = _epochs_in(folder)
    if not rows:
        return facts
    sign = 1 if best_mode(monitor) == "max" else -1
    values = [(sign * float(row[monitor]), row) for row in rows if row.get(monitor)]
    if values:
        value, row = max(values, key=lambda one: one[0])  # of equals the first
        facts["best"] = {"monitor": monitor, "epoch": int(row["epoch"]), "value": sign * value}
    return {**facts, "epoch": int(rows[-1]["epoch"]), "step": int(rows[-1]["step"])}


def _epochs_in(folder: RunFolder) -> list[dict[str, str]]:
    """The rows of metrics.csv, but for one that is being written."""
    if not folder.metrics.is_file():
        return []
    whole, _, _ = read_text(folder.metrics).rpartition("\n")
    return list(csv.DictReader(io.StringIO(whole)))


def _bytes_in(path: Path) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:  # a run that is going on replaces its files
                continue
    return total


def removable(paths: Sequence[str], holding: ExitStack) -> list[tuple[str, int]]:
    """Each folder with its bytes, if all of them are runs, or series of them, that no process has; locked from here on.

    Errors   ``ConfigError``, one fault a folder that is neither; ``EnvironmentFault`` for one that is in use.
    """
    faults = []
    for path in paths:
        if os.path.islink(path.rstrip("/")):
            faults.append(Fault("is a link; expected the folder of a run itself", path))
        elif not (is_series(path) or _is_run(Path(path))):
            faults.append(Fault(why_no_run(path), path))
    if faults:
        raise ConfigError(faults=faults)
    once: dict[str, str] = {}
    for path in paths:
        once.setdefault(os.path.realpath(path), path)
    for real, path in once.items():
        if above := next((other for other in once if real.startswith(other + os.sep)), None):
            faults.append(Fault(f"is in {once[above]}, which is to be removed too; name only one of them", path))
    if faults:
        raise ConfigError(faults=faults)
    for path in once.values():
        inner = [os.path.join(path, name) for name in listed(Path(path))] if is_series(path) else []
        for folder in (path, *(one for one in inner if os.path.isdir(one))):
            holding.enter_context(Lock(folder))
    return [(path, _bytes_in(Path(path))) for path in once.values()]


def remove_run(path: str) -> None:
    """Remove a run or a series, which the caller has locked; what makes it one goes last, so that it can be repeated.

    Errors   ``EnvironmentFault``.
    """
    remove_folder(os.path.realpath(path), last=("checkpoints", "run.json", SERIES, LOCK))
