"""Runs opened: a new one in a folder of its own, or one that stopped, exactly where it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from nettrain.arrays.threads import available_cores, set_threads
from nettrain.config.document import Document
from nettrain.config.reader import read_config
from nettrain.config.resolved import dump
from nettrain.config.words import some
from nettrain.data.only_read import refuse_inside_data
from nettrain.data.split import Splits
from nettrain.data.split_csv import keep_splits, read_split_csv, split_csv
from nettrain.errors import CheckpointError, ConfigError, escape
from nettrain.files import whole
from nettrain.files.folders import make_folder
from nettrain.files.lock import Lock
from nettrain.training.config import TABLES, Config
from nettrain.training.pictures import LookedThrough, Report
from nettrain.training.prepare import Prepared, prepare
from nettrain.training.run.agreement import compare_configs
from nettrain.training.run.cadence import Cadence
from nettrain.training.run.going_on import extend
from nettrain.training.run.run import Run
from nettrain.training.run.run_logs import NOTHING_LOGGED
from nettrain.training.run.saving import save_state
from nettrain.training.run.state import State
from nettrain.training.store import checkpoint, runs
from nettrain.training.store.csv_text import csv_text
from nettrain.training.store.platform import differences, surroundings
from nettrain.training.store.run_folder import RunFolder, now, read_text


def named(document: Document[Config], config_path: str) -> Document[Config]:
    """The document with a name for the run: the config's own, or its file's."""
    name = document.config.name or Path(config_path).name.removesuffix(".yaml").removesuffix(".yml")
    return replace(document, config=replace(document.config, name=name))


def begin(
    document: Document[Config], report: Report, run_dir: str | None = None, tested: LookedThrough | None = None
) -> Run:
    """Prepare a new training and open a folder for it: ``runs/<name>``, or exactly ``run_dir``.

    ``tested`` are pictures to test on that another run has looked through.

    Errors   those of ``prepare``; ``ConfigError`` if the folder holds something, or lies among the pictures;
             ``EnvironmentFault``.
    """
    refuse_place(document, run_dir)  # before the pictures are decoded; nothing is made until all of them are good
    prepared = prepare(document, report, tested=tested)
    return start(prepared, *(runs.create(str(document.config.name)) if run_dir is None else runs.create_at(run_dir)))


def refuse_place(document: Document[Config], run_dir: str | None) -> None:
    """Errors: ``ConfigError`` if the folder of a new run would lie among the pictures, or holds something."""
    if run_dir is not None:
        runs.refuse_occupied(run_dir)
    refuse_inside_data(run_dir or os.path.join(runs.RUNS, str(document.config.name)), document.config.data)


def start(prepared: Prepared, folder: RunFolder, lock: Lock) -> Run:
    """Open a new run in a folder that is empty and locked. Errors: ``EnvironmentFault``, and the lock is free again."""
    try:
        return _started(folder, lock, prepared)
    except BaseException:
        lock.release()
        raise


def _started(folder: RunFolder, lock: Lock, prepared: Prepared) -> Run:
    state = State.fresh(prepared)
    cadence = Cadence(prepared.config.checkpoint.every, prepared.steps_per_epoch)
    make_folder(folder.checkpoints)
    save_state(folder, state, NOTHING_LOGGED, cadence)  # first: a folder that holds more than this can be resumed
    _describe(folder, prepared)
    pictures = {"data_fingerprint": prepared.fingerprint, "split_fingerprints": prepared.fingerprints}
    facts = {**surroundings(), "started": now(), **pictures}
    run = Run(folder, lock, state, NOTHING_LOGGED, facts)
    run.mark("running")
    return run


def _describe(folder: RunFolder, prepared: Prepared) -> None:
    """Write what the run is made of, beside its step-0 checkpoint."""
    document = prepared.document
    whole.write_atomic(folder.config, document.source)
    whole.write_atomic(folder.split, split_csv(prepared.splits).encode())
    whole.write_atomic(folder.classes, "".join(f"{escape(name)}\n" for name in prepared.classes).encode())
    if prepared.bad:
        rows = [["path", "reason", "split"], *([one.path, one.reason, split] for split, one in prepared.bad)]
        whole.write_atomic(folder.bad_images, csv_text(rows).encode())
    whole.write_atomic(folder.resolved, dump(document.config).encode())  # last: where it is, the others are


def begin_or_take_up(
    document: Document[Config], report: Report, run_dir: str, tested: LookedThrough | None = None
) -> Run:
    """``fit --resume auto``: a new run in an empty folder, or the one there, which must be of this config and pictures.

    Errors   those of ``begin`` and ``take_up``.
    """
    folder = RunFolder(Path(run_dir))
    runs.refuse_file(run_dir)
    if not folder.is_run():
        try:
            return begin(document, report, run_dir, tested)
        except ConfigError:
            if not folder.is_run():  # else another process made one while this one decoded
                raise
    return take_up(run_dir, report, document.config.train.threads, document=document)


def take_up(
    path: str | os.PathLike[str],
    report: Report,
    threads: int | None = None,
    *,
    document: Document[Config] | None = None,
    extension: tuple[int, str | None] | None = None,
) -> Run:
    """Open a run where its newest good checkpoint left it.

    Errors   ``ConfigError`` if there is no run; ``CheckpointError`` if no checkpoint is good or it does not belong to
             the config; ``DataError`` if the pictures have changed; ``EnvironmentFault`` if another process has it.
    Notes    ``document`` stands in for the run's own config, which it must agree with; the pictures that it names must
             then be those of the run, where otherwise later ones are left out. ``extension`` is (epochs in all,
             schedule). ``threads`` are in use from here on, or else the config's, or all cores.
    """
    folder, lock = runs.reopen(path)
    try:
        described = folder.resolved.exists() and folder.split.exists()
        exactly = document is not None
        if document is None:
            document = _own_config(folder)
        set_threads(threads or document.config.train.threads or available_cores())
        found = checkpoint.newest(folder.checkpoints)
        compare_configs(document.config, found.checkpoint.meta, str(found.path))
        keep = _recorded(folder, exactly) if described else None
        prepared = prepare(document, report, keep, resumed=True)
        state = State.fresh(prepared)
        state.restore(found.checkpoint, found.path)
        if not described:  # it died between its first checkpoint and these
            _describe(folder, prepared)
        facts = folder.read_run() if folder.run_json.exists() else {"started": now()}
        here = {**surroundings(), "data_fingerprint": prepared.fingerprint}
        run = Run(folder, lock, state, found.checkpoint.meta["logs"], {**facts, **here, "resumed": now()})
    except BaseException:
        lock.release()
        raise
    try:
        step = state.number
        run.cadence.damaged.update(later for later in checkpoint.steps(folder.checkpoints) if later > step)
        checkpoint.prune(folder.checkpoints, step, run.cadence.is_regular)  # if it died before it could
        run.notes = [f"nettrain: warning: passed over {error}" for error in found.passed_over]
        if later := prepared.splits.later:
            are = f"{some(later, 'picture')} came after the run was started, and {'is' if later == 1 else 'are'}"
            run.notes.append(f"nettrain: warning: data: {are} left out")
        if "nettrain" in facts and (changed := differences(facts, here)):
            what = "; ".join(changed)
            run.notes.append(f"nettrain: warning: the bits may differ from an uninterrupted run: {what}")
        if extension is not None:
            extend(run, *extension)
        elif len(facts.get("lineage", ())) > len(state.lineage.extensions):
            what = "more epochs were added to the run, but this checkpoint is from before; give --epochs again"
            run.notes.append(f"nettrain: warning: {what}")
        if state.best.epoch is not None and not folder.best.is_file():
            what = f"{folder.best} is gone; it comes back only with an epoch better than {state.best.epoch}"
            run.notes.append(f"nettrain: warning: {what}")
    except BaseException:
        run.close()
        raise
    return run


def _recorded(folder: RunFolder, exactly: bool) -> Callable[[Splits], Splits]:
    """What keeps the pictures that a run began with. Errors: ``DataError`` if its split.csv is damaged."""
    rows = read_split_csv(read_text(folder.split), os.fspath(folder.split))
    return partial(keep_splits, rows=rows, exactly=exactly)


def _own_config(folder: RunFolder) -> Document[Config]:
    needed = (folder.resolved, folder.split)
    if missing := ", ".join(path.name for path in needed if not path.exists()):
        message = f"holds no {missing}: the run died while it was being made, or they were removed"
        cure = f"go on with: nettrain fit CONFIG --resume auto --run-dir {folder.path}"
        raise CheckpointError(f"{message}; {cure}", os.fspath(folder.path))
    return read_config(folder.resolved, Config, TABLES)
