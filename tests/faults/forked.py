"""A case in a child of its own: forked, so that nothing is loaded again; what it printed, and how it ended."""

from __future__ import annotations

import importlib
import os
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from unittest.mock import patch

from faults.reference import Ending, Figures, Reference

from nettrain.data.batches import Batch
from nettrain.model.layer import Pass
from nettrain.training.loop.step import Outcome, Stepper

for _name in (
    "cli.fit",
    "cli.follow",
    "cli.main",
    "cli.progress",
    "cli.resume",
    "training.run.opening",
    "training.store.runs",
):
    importlib.import_module(f"nettrain.{_name}")  # here, so that no child does

MEMORY = Path("/dev/shm")
HUNG = -signal.SIGKILL  # the code of a child that had to be killed


class Died(BaseException):
    """The process is gone; raised in its place."""


@contextmanager
def before_step(number: int, act: Callable[[], object]) -> Iterator[None]:
    """Inside, ``act`` is called before step ``number`` of a training, counted from 0."""
    step = Stepper.step

    def acting(stepper: Stepper, batches: Iterable[Batch], pictures: int, now: Pass, lr: float) -> Outcome:
        if now.step == number:
            act()
        return step(stepper, batches, pictures, now, lr)

    with patch.object(Stepper, "step", acting):
        yield


def die_before(number: int, reference: Reference, run: Path) -> None:
    """A fit that comes to an end before step ``number``, as by a kill: nothing is saved on the way out."""

    def die() -> None:
        raise Died

    with before_step(number, die):
        try:
            code = reference.fit(run)
        except Died:
            return
    raise RuntimeError(f"the fit that was to die ended with {code}")


def figures(title: str, cases: int, wrong: Sequence[str], begun: float, note: str = "") -> Figures:
    """A row: ``title`` is the goal and what was tried, ``wrong`` a line for each case that did not hold."""
    goal, _, what = title.partition(" ")
    told = f"{what}: {note}" if note else what
    return Figures(goal, cases, max(0, cases - len(wrong)), told, time.perf_counter() - begun, tuple(wrong))


@contextmanager
def workplace_in_memory() -> Iterator[Path]:
    """A folder that is gone afterwards, where a sync costs nothing."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="nettrain-faults-", dir=place) as folder:
        yield Path(folder)


def forked(work: Callable[[], int | None], *, limit: float = 60) -> Ending:
    """Call ``work`` in a child and wait at most ``limit`` seconds; what it returns is the exit code.

    Notes    Descriptors 1 and 2 lead to files. An exception that leaves ``work`` is code 99 with its traceback.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads: they are idle
            child = os.fork()
        if not child:
            _be_the_child(work, out, err)
        handle = os.pidfd_open(child)
        try:
            hung = not select.select([handle], [], [], limit)[0]
            if hung:
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        finally:
            os.close(handle)
        out.seek(0)
        err.seek(0)
        code = HUNG if hung else os.waitstatus_to_exitcode(status)
        return Ending(code, out.read().decode(), err.read().decode() + ("hung\n" if hung else ""))


def _be_the_child(work: Callable[[], int | None], out: BinaryIO, err: BinaryIO) -> None:
    code = 99
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
        code = work() or 0
    except BaseException:  # noqa: BLE001  whatever it is, the parent is told
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                code = code or 98
        os._exit(code)
