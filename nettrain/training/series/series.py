"""Several runs of one config in a folder of their own: over seeds, or over folds of the training pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from nettrain.config.document import Document
from nettrain.config.fields import LARGEST
from nettrain.data.config import Fold
from nettrain.data.split_csv import read_split_csv
from nettrain.errors import CheckpointError
from nettrain.files import whole
from nettrain.files.lock import Lock
from nettrain.formats import RUN
from nettrain.training.config import Config
from nettrain.training.pictures import LookedThrough, Report, check_pictures
from nettrain.training.prepare import prepare
from nettrain.training.run.agreement import compare_configs
from nettrain.training.run.opening import begin_or_take_up, refuse_place, start
from nettrain.training.run.run import Run
from nettrain.training.store import checkpoint, json_text, runs
from nettrain.training.store.run_folder import RunFolder, read_text
from nettrain.training.store.runs import FINISHED, SERIES


@dataclass(frozen=True)
class Member:
    """A run of a series: the name of its folder, its seed or fold, and its config."""

    name: str
    number: int
    document: Document[Config]


@dataclass(frozen=True)
class Series:
    """``count`` runs: ``repeat`` has seeds of its own for each, from the config's on; ``folds`` other val pictures."""

    kind: Literal["repeat", "folds"]
    count: int

    @property
    def each(self) -> Literal["seed", "fold"]:
        """What differs from run to run."""
        return "seed" if self.kind == "repeat" else "fold"

    def members(self, document: Document[Config]) -> list[Member]:
        """The runs in order. Errors: ``ConfigError`` where a seed would be too large."""
        config = document.config
        if self.kind == "folds":
            numbers = range(1, self.count + 1)
            configs = [replace(config, data=replace(config.data, val=Fold(fold, self.count))) for fold in numbers]
        else:
            numbers = range(config.seed, config.seed + self.count)
            if numbers[-1] > LARGEST:
                message = f"must be at most {LARGEST - self.count + 1} for {self.count} seeds, got {config.seed}"
                raise document.error("seed", message)
            configs = [replace(config, seed=seed) for seed in numbers]
        pairs = zip(numbers, configs, strict=True)
        return [Member(f"{self.each}-{n}", n, replace(document, config=one)) for n, one in pairs]


class OpenSeries:
    """The folder of a series, locked, whose runs are opened one after another."""

    def __init__(self, path: Path, first: Run | None) -> None:
        self.path, self._first = path, first
        self._tested: LookedThrough | None = None

    def folder(self, member: Member) -> RunFolder:
        return RunFolder(self.path / member.name)

    def is_complete(self, member: Member) -> bool:
        """Whether a run is finished. Errors: ``CheckpointError`` if its run.json is damaged."""
        folder = self.folder(member)  # it may have died before there was a run.json
        return folder.run_json.exists() and folder.read_run().get("state") == FINISHED

    def check(self, members: Sequence[Member], report: Report) -> None:
        """Refuse runs that are there, but are none of these; those that are not finished may fail when they go on.

        Errors   ``CheckpointError`` if one is of another config, or damaged; ``DataError`` if a finished one is of
                 other pictures.
        Cost     Where the runs are of the same pictures, these are compared once.
        """
        known: set[str] = set()
        for member in members:
            if not (folder := self.folder(member)).is_run():
                continue
            found = checkpoint.newest(folder.checkpoints)
            compare_configs(member.document.config, found.checkpoint.meta, str(found.path))
            if self.is_complete(member):
                fingerprint = found.checkpoint.meta["fingerprint"]
                rows = read_split_csv(read_text(folder.split), os.fspath(folder.split))
                check_pictures(member.document, rows, fingerprint, fingerprint in known, report)
                known.add(fingerprint)

    def open(self, member: Member, report: Report) -> Run:
        """A run begun, or taken up where it stopped. Errors: those of ``begin_or_take_up``.

        Cost     Where runs test on the same pictures, these are looked through once.
        """
        run, self._first = self._first, None
        if run is None:
            run = begin_or_take_up(member.document, report, os.fspath(self.folder(member).path), self._tested)
        self._tested = run.prepared.tested or self._tested
        return run


@contextmanager
def open_series(
    document: Document[Config], series: Series, report: Report, run_dir: str | None, *, auto: bool
) -> Iterator[OpenSeries]:
    """The folder of a series: a new one, ``runs/<name>`` or exactly ``run_dir``; with ``auto`` also the one there.

    Errors   those of ``begin``, before anything is made; ``CheckpointError`` if what is there is another series, those
             of ``OpenSeries.check``; ``EnvironmentFault`` if another process has it.
    """
    if run_dir is not None and auto and runs.is_series(run_dir):
        with Lock(run_dir):
            opened = OpenSeries(Path(run_dir), None)
            longer = _is_longer(Path(run_dir), series, document.config.seed)
            opened.check(series.members(document), report)
            if longer:  # a call that is refused leaves it as it was
                _write(Path(run_dir), series, document.config.seed)
            yield opened
        return
    path, lock, first = _begun(document, series, report, run_dir)
    opened = OpenSeries(path, first)
    del first  # a run's pictures go when it has ended
    with lock:
        yield opened


def _begun(document: Document[Config], series: Series, report: Report, run_dir: str | None) -> tuple[Path, Lock, Run]:
    """A new folder, and its first run; nothing is made until that can begin."""
    refuse_place(document, run_dir)
    member = series.members(document)[0]
    prepared = prepare(member.document, report)
    folder, lock = runs.create(str(document.config.name)) if run_dir is None else runs.create_at(run_dir)
    try:
        _write(folder.path, series, document.config.seed)
        return folder.path, lock, start(prepared, *runs.create_at(folder.path / member.name))
    except BaseException:
        lock.release()
        raise


def _write(path: Path, series: Series, seed: int) -> None:
    facts = {"kind": series.kind, "count": series.count, "seed": seed, "format_version": RUN}
    whole.write_atomic(path / SERIES, json_text.readable(facts).encode())


def _is_longer(path: Path, series: Series, seed: int) -> bool:
    """Whether a series over seeds, the one that is there, becomes longer. Errors: ``CheckpointError`` for another."""
    shown = path / SERIES
    try:
        facts: dict[str, Any] = json_text.parse(read_text(shown))
        there = Series(facts["kind"], int(facts["count"])), int(facts["seed"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"is damaged ({error}); start a new series in another folder", os.fspath(shown)
        ) from error
    longer = series.kind == "repeat" == there[0].kind and series.count > there[0].count and seed == there[1]
    if not longer and there != (series, seed):
        was = f"--{there[0].kind} {there[0].count} from seed {there[1]}"
        now = f"--{series.kind} {series.count} from seed {seed}"
        raise CheckpointError(
            f"was begun as {was}, not as {now}; start a new series in another folder", os.fspath(path)
        )
    return longer
