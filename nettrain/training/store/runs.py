"""The runs there are: a new folder for one, a stopped one taken up again, the newest that is finished, its model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from nettrain.config.words import few
from nettrain.errors import CheckpointError, ConfigError, escape
from nettrain.files.causes import AnyPath
from nettrain.files.folders import make_folder
from nettrain.files.lock import LOCK, Lock
from nettrain.training.store.run_folder import RunFolder, listed

RUNS = "runs"
FINISHED = "finished"
SERIES = "series.json"  # what makes a folder one of several runs, by --repeat or --folds
LISTED = 20
LONGEST_NAME = 200  # bytes: a folder's name has at most 255, and "-2" must fit


def name_fault(name: str) -> str:
    """Why a run cannot have this name, or nothing."""
    if name in ("", ".", "..") or "/" in name or escape(name) != name or len(os.fsencode(name)) > LONGEST_NAME:
        return f"{name!r} cannot be the name of a folder; expected at most {LONGEST_NAME} bytes without '/'"
    return ""


def create(name: str, runs: AnyPath = RUNS) -> tuple[RunFolder, Lock]:
    """A new folder ``runs/<name>``, or ``runs/<name>-2`` and so on, and its lock.

    Errors   ConfigError if ``name`` cannot be a folder's name; EnvironmentFault.
    """
    if wrong := name_fault(name):
        raise ConfigError(f"name: {wrong}")
    number, path = 1, Path(runs, name)
    while os.path.lexists(path) or not make_folder(path):  # False: another process made it just now
        number += 1
        path = Path(runs, f"{name}-{number}")
    return RunFolder(path), Lock(path)


def create_at(path: AnyPath) -> tuple[RunFolder, Lock]:
    """Exactly this folder, made if it is not there, and its lock.

    Errors   EnvironmentFault if another process holds it; ConfigError if it holds anything else than a blank run.
    """
    folder = RunFolder(Path(path))
    make_folder(path)
    refuse_occupied(path)
    lock = Lock(path)
    if not folder.is_blank():
        lock.release()
        raise _occupied(folder)
    folder.sweep()
    return folder, lock


def refuse_occupied(path: AnyPath) -> None:
    """The errors of ``create_at``, before anything is made; the folder need not be there."""
    folder = RunFolder(Path(path))
    refuse_file(path)
    if folder.is_blank():
        return
    # A run takes the lock before it writes anything: what holds something, and then still no lock, is no live run.
    if LOCK in listed(folder.path):
        Lock(path).release()
    raise _occupied(folder)


def refuse_file(path: AnyPath) -> None:
    """Errors: ConfigError if something is there that is no folder."""
    if os.path.exists(path) and not os.path.isdir(path):
        raise ConfigError("is a file; expected the path of a folder", os.fspath(path))


def run_at(path: AnyPath) -> RunFolder:
    """The run that a path names. Errors: ConfigError if there is none."""
    if wrong := why_no_run(path):
        raise ConfigError(wrong, os.fspath(path))
    return RunFolder(Path(path))


def why_no_run(path: AnyPath, *, or_model: bool = False) -> str:
    """Why a path that should name a run, or else a model's file, does not; or nothing.

    Notes    The one answer of all commands, as a ConfigError: that a run does not exist is a fault of the command line.
    """
    if is_series(path):
        such = [str(Path(path, name)) for name in members_of(Path(path))][:1]
        return f"holds a series of runs; name one of them{''.join(f', such as {one}' for one in such)}"
    if Path(path).is_dir() and RunFolder(Path(path)).is_run():
        return ""
    there = os.path.lexists(path)
    wrong = "is not the folder of a run; expected one" if there else "no such file or folder; expected that of a run"
    return f"{wrong}, such as runs/name{', or a .safetensors file' if or_model else ''}"


def reopen(path: AnyPath) -> tuple[RunFolder, Lock]:
    """The folder of a run that is there, and its lock. Errors: ConfigError if it is no run; EnvironmentFault."""
    if is_series(path):
        raise ConfigError(f"holds a series of runs; {_go_on_with_series(path)}", os.fspath(path))
    folder = run_at(path)
    lock = Lock(path)
    folder.sweep()
    return folder, lock


def is_series(path: AnyPath) -> bool:
    """Whether a folder holds several runs that belong together, and is no run itself."""
    return Path(path, SERIES).is_file()


def members_of(series: Path) -> Iterator[str]:
    """The names of the runs in a series."""
    return (name for name in listed(series) if (series / name).is_dir())


def _go_on_with_series(path: AnyPath) -> str:
    return f"go on with the command that began it and --resume auto --run-dir {os.fspath(path)}"


def _occupied(folder: RunFolder) -> ConfigError:
    if is_series(folder.path):
        message = f"holds a series of runs already; {_go_on_with_series(folder.path)}, or choose another --run-dir"
    elif folder.is_run():
        message = f"holds a run already; go on with it ('nettrain resume {folder.path}'), or choose another --run-dir"
    else:
        message = "holds other files; expected an empty folder, or one that does not exist yet"
    return ConfigError(message, os.fspath(folder.path))


def newest_finished(runs: AnyPath = RUNS) -> RunFolder:
    """The finished run that ended last, of a series too. Errors: ConfigError with a list of what is there."""
    ended: list[tuple[str, str]] = []
    others: list[str] = []
    for name in _names_in(Path(runs)):
        folder = RunFolder(Path(runs, name))
        if folder.path.is_dir():
            state, time = _state(folder)
            if state == FINISHED and folder.best.is_file():
                ended.append((time, name))
            else:
                others.append(f"{name} ({state}{', without best.safetensors' if state == FINISHED else ''})")
    if ended:
        return RunFolder(Path(runs, max(ended)[1]))
    there = few(others, LISTED) or "nothing"
    message = f"no finished run here; there is: {there}; name a model with --model, or finish a run first"
    raise ConfigError(message, os.fspath(runs))


def _names_in(runs: Path) -> Iterator[str]:
    """What is in a folder of runs; of a series what is in that."""
    for name in listed(runs):
        if is_series(runs / name):
            yield from (f"{name}/{member}" for member in members_of(runs / name))
        else:
            yield name


def _state(folder: RunFolder) -> tuple[str, str]:
    try:
        facts = folder.read_run()
    except ConfigError:
        return "no run", ""
    except CheckpointError:
        return "run.json is damaged", ""
    return str(facts.get("state")), str(facts.get("ended"))


def find_model(path: AnyPath) -> Path:
    """The model's file: the path itself, or ``best.safetensors`` in the folder of a run.

    Errors   ConfigError if it names neither, or a config; CheckpointError for a run that has no model.
    """
    found = Path(path)
    if found.is_dir():
        found = RunFolder(found).best
    if found.suffix in (".yaml", ".yml") and found.is_file():
        what = "is a config and no model; expected the folder of its run, such as runs/name, or a .safetensors file"
        raise ConfigError(what, os.fspath(path))
    if found.exists():
        return found
    if wrong := why_no_run(path, or_model=True):
        raise ConfigError(wrong, os.fspath(path))
    raise CheckpointError("the run has saved no best.safetensors yet; expected one that has", os.fspath(path))
