"""Planted defects: the product is broken on purpose, in one place at a time, and the check that is there for it sees.

A check that never fails proves nothing. Each defect is a small change to the running program, in a child; the check of
the goal named runs there with few cases, and at least one case must fail. Without a defect none may.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from faults import calls, corruption, crash, injection, memory
from faults.forked import before_step, figures, forked, workplace_in_memory
from faults.reference import Figures, Reference, difference

from nettrain.arrays import threads
from nettrain.autograd.backward import backward
from nettrain.autograd.tensor import Graph
from nettrain.data import sampling
from nettrain.data.order import epoch_order
from nettrain.errors import EnvironmentFault
from nettrain.files import folders, system, whole
from nettrain.files.causes import AnyPath
from nettrain.files.folders import prune, sync_folder
from nettrain.files.growing import Log
from nettrain.files.lock import LOCK
from nettrain.files.whole import TEMPORARY
from nettrain.ops.mean import mean
from nettrain.training.loop import signals, step
from nettrain.training.run import agreement
from nettrain.training.run import run as running
from nettrain.training.run.state import State
from nettrain.training.store import checkpoint, run_folder, safetensors_file
from nettrain.training.store.run_folder import RunFolder

Check = Callable[[Reference, Path], Iterator[Figures]]


# The checks, with few cases


def power(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G2 on some hundred states."""
    yield from crash.check(reference, folder, 600, 6)


def failed_calls(**wanted: Any) -> Check:
    """G3 on the calls with these errors in these functions."""

    def check(reference: Reference, folder: Path) -> Iterator[Figures]:
        def only(case: calls.Case) -> bool:
            return case.error == wanted["error"] and case.call.site[0] == wanted["function"] and not case.for_good

        yield calls.stood_in(calls.scenes(reference, folder)[wanted.get("scene", 0)], folder / "run", 8, only)

    return check


def damaged(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G6: some bits, and some runs gone on with past a damaged checkpoint."""
    stopped = corruption.stopped_run(reference, folder)
    newest = max(checkpoint.steps(stopped / "checkpoints").items())[1]
    yield from corruption.exhaustive(newest.read_bytes(), 0.01)
    yield corruption.in_a_run(reference, stopped, 3)


def made_up(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G7 on some hundred mutants."""
    yield corruption.deceived(reference, corruption.stopped_run(reference, folder), 200)


def not_finite(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G22 at some steps, and overflow."""
    yield injection.injected(reference, folder, 8)
    yield injection.overflowed(reference, folder)


def little_memory(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G5 where there is hardly any, from the start and in mid-training, or not for a thread."""
    run = folder / "no-thread"
    problem = memory.problem_of(memory.without_threads(reference, run), run, late=False)
    yield Figures("G5", 1, 0 if problem else 1, failures=(problem,))
    for more, late in ((0, False), (8192, False), (2 << 20, True)):
        run = folder / f"tight-{more}"
        problem = memory.problem_of(memory.limited(reference, run, more, late=late), run, late=late)
        yield Figures("G5", 1, 0 if problem else 1, failures=(problem,))


def gone_on(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G1 in small: a process dies in mid-epoch, another goes on, and the bytes are those of a run never stopped."""
    scene = calls.scenes(reference, folder)[1]
    run = scene.place(folder / "run")
    ending = forked(lambda: reference.fit(run))
    problem = (
        f"exit {ending.code}: {ending.err}" if ending.code else difference(reference.digest(run), reference.expected)
    )
    problem = problem or calls.left_behind(run, -1, sweepable=True)
    yield Figures("G1", 1, 0 if problem else 1, failures=(problem,))


def stopped_by_signal(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G13 in small: SIGTERM at a step ends the process as by that signal, saved; the next one goes on."""
    run = folder / "stopped-by-signal"

    def work() -> int:
        with before_step(10, lambda: signal.raise_signal(signal.SIGTERM)):
            return reference.fit(run)

    ending, newest = forked(work), max(checkpoint.steps(run / "checkpoints"), default=-1)
    problem = "" if ending.code == -signal.SIGTERM else f"exit {ending.code}: {ending.err}"
    problem = problem or ("" if newest == 10 else f"10 steps were made, {newest} are saved")
    again = forked(lambda: reference.fit(run))
    problem = problem or (f"afterwards exit {again.code}: {again.err}" if again.code else "")
    problem = problem or difference(reference.digest(run), reference.expected)
    yield Figures("G13", 1, 0 if problem else 1, failures=(problem,))


def locked(reference: Reference, folder: Path) -> Iterator[Figures]:
    """G17 in small: a folder that a process holds is left to it, by name."""
    run = folder / "locked"
    run.mkdir()
    holder = os.open(run / LOCK, os.O_RDWR | os.O_CREAT)
    os.write(holder, f"{os.getpid()}\n".encode())
    fcntl.flock(holder, fcntl.LOCK_EX)
    ending = forked(lambda: reference.fit(run))
    os.close(holder)
    held = ending.code == 5 and f"is in use by process {os.getpid()}" in ending.err
    yield Figures("G17", 1, int(held), failures=(f"exit {ending.code}: {ending.err}",))


# The defects


def _plant(target: Any, name: str, value: Any) -> None:
    setattr(target, name, value)  # for good: the child is there for nothing else


def _ask_otherwise(otherwise: Callable[[Callable[..., Any], tuple[Any, ...]], bool]) -> None:
    """``system.ask`` that first asks ``otherwise``; True means that the call is not made."""
    ask = system.ask

    def changed(path: str, doing: str, call: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
        return None if otherwise(call, arguments) else ask(path, doing, call, *arguments, **settings)

    _plant(system, "ask", changed)


def no_sync_of_files() -> None:
    _ask_otherwise(lambda call, given: call is system.sync and stat.S_ISREG(os.fstat(given[0]).st_mode))


def no_sync_of_folders() -> None:
    _plant(folders, "sync_open_folder", lambda shown, handle: None)


def no_sync_of_new_folders() -> None:
    _plant(folders, "sync_folder", lambda path: None)


def unlink_before_rename() -> None:
    def unlink(call: Callable[..., Any], given: tuple[Any, ...]) -> bool:
        if call is system.replace and os.path.exists(given[1]):
            system.remove(given[1])
        return False

    _ask_otherwise(unlink)


def write_in_place() -> None:
    def in_place(path: AnyPath, data: Any) -> None:
        shown = os.fspath(path)
        handle = system.open_file(shown, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        system.write_all(shown, handle, data)
        system.sync(handle)
        system.close(handle)
        sync_folder(os.path.dirname(shown))

    _plant(whole, "write_atomic", in_place)


def rename_before_sync() -> None:
    def early(path: AnyPath, data: Any) -> None:
        shown = os.fspath(path)
        temporary = os.path.join(os.path.dirname(shown), "early".join(TEMPORARY))
        handle = system.open_file(temporary, os.O_WRONLY | os.O_CREAT)
        system.write_all(shown, handle, data)
        system.replace(temporary, shown)
        sync_folder(os.path.dirname(shown))
        system.sync(handle)
        system.close(handle)

    _plant(whole, "write_atomic", early)


def prune_before_save() -> None:
    save = running.save_state

    def pruning(folder: RunFolder, *rest: Any) -> None:
        prune(checkpoint.steps(folder.checkpoints).values())
        save(folder, *rest)

    _plant(running, "save_state", pruning)


def logs_not_synced() -> None:
    _plant(Log, "sync", lambda log: None)


def swallowed_write_error() -> None:
    append = Log.append

    def careless(log: Log, text: str) -> None:
        with suppress(EnvironmentFault):
            append(log, text)

    _plant(Log, "append", careless)


def swallowed_sync_error() -> None:
    sync = folders.sync_open_folder

    def careless(shown: str, handle: int) -> None:
        with suppress(EnvironmentFault):
            sync(shown, handle)

    _plant(folders, "sync_open_folder", careless)


def sync_tried_again() -> None:
    ask = system.ask

    def stubborn(path: str, doing: str, call: Callable[..., Any], *given: Any, **settings: Any) -> Any:
        try:
            return ask(path, doing, call, *given, **settings)
        except EnvironmentFault:
            if call is not system.sync:
                raise
            return ask(path, doing, call, *given, **settings)

    _plant(system, "ask", stubborn)


def short_write_taken_as_whole() -> None:
    _plant(
        system,
        "write_all",
        lambda path, handle, data: system.ask(path, "write", system.write, handle, memoryview(data)),
    )


def interruption_as_fault() -> None:
    _plant(system, "INTERRUPTIONS", 1)


def fault_without_path() -> None:
    fault = system.fault
    _plant(system, "fault", lambda path, doing, error: fault("", doing, error))


def temporary_left() -> None:
    _ask_quietly = system.quietly

    def careless(call: Callable[..., Any], *given: Any) -> None:
        if call is not system.remove:
            _ask_quietly(call, *given)

    _plant(system, "quietly", careless)


def no_digest() -> None:
    def unverified(data: bytes) -> bytes:
        size = int.from_bytes(data[:8], "little")
        if not data.startswith(safetensors_file.START, 8) or 8 + size > len(data):
            raise safetensors_file.Damaged("is damaged")
        return data[8 : 8 + size]

    _plant(safetensors_file, "_verified_header", unverified)


def older_one_without_a_word() -> None:
    newest = checkpoint.newest

    def silent(folder: AnyPath) -> checkpoint.Found:
        found = newest(folder)
        return checkpoint.Found(found.checkpoint, found.path, ())

    _plant(checkpoint, "newest", silent)


def metadata_believed() -> None:
    _plant(agreement, "misfits", lambda *_: iter(()))


def commit_before_the_check() -> None:
    def careless(self: step.Stepper, batches: Any, pictures: int, now: Any, lr: float) -> step.Outcome:
        (batch,) = batches
        graph = Graph()
        outputs = self.network(graph.input(batch.images), now)
        loss = mean(self.loss(outputs, batch.labels))
        outcome = step.Outcome(float(np.nan_to_num(loss.array)), 0)
        step.gather(backward(loss), self._gradients)
        step.commit(self._gradients, graph.proposals, self.optimizer, lr)
        return outcome

    _plant(step.Stepper, "step", careless)


def overflow_not_seen() -> None:
    _plant(State, "check_finite", lambda state: None)


def slots_forgotten() -> None:
    restore = State.restore

    def forgetting(state: State, *given: Any) -> None:
        restore(state, *given)
        for array in state.optimizer.state().values():
            array[...] = 0

    _plant(State, "restore", forgetting)


def _progress_forgotten(name: str) -> Callable[[], None]:
    def plant() -> None:
        restore = State.restore

        def forgetting(state: State, *given: Any) -> None:
            restore(state, *given)
            setattr(state.progress, name, 0)

        _plant(State, "restore", forgetting)

    return plant


def order_by_time() -> None:
    _plant(sampling, "epoch_order", lambda count, seed, epoch: epoch_order(count, time.time_ns() % 1_000_003, epoch))


def log_not_cut() -> None:
    _plant(Log, "truncate", lambda log, length: None)


def not_swept() -> None:
    _plant(run_folder.RunFolder, "sweep", lambda folder: None)


def exit_well_of_a_signal() -> None:
    _plant(signals, "die_of", lambda number: os._exit(0))


def not_saved_at_a_signal() -> None:
    go = running.Run.go

    def careless(run: running.Run) -> Any:
        save = run.save
        run.save = lambda: None if run.state.progress.step == 10 else save()  # type: ignore[method-assign]
        return go(run)

    _plant(running.Run, "go", careless)


def lock_not_taken() -> None:
    _plant(system, "flock", lambda handle: None)


def thread_that_cannot_start() -> None:
    _plant(threads, "room_for_a_thread", nullcontext)


def thread_without_room() -> None:
    _plant(threads, "ROOM_FOR_A_THREAD", 1)
    _plant(memory, "HANG", 5.0)


@dataclass(frozen=True)
class Defect:
    """What is broken, and the check that must see it."""

    plant: Callable[[], None]
    check: Check


WRITES = failed_calls(error="ENOSPC", function="write")
SYNCS = failed_calls(error="EIO", function="sync")
DEFECTS = {
    "a file is not synced": Defect(no_sync_of_files, power),
    "a folder is not synced": Defect(no_sync_of_folders, power),
    "a new folder is not synced": Defect(no_sync_of_new_folders, power),
    "unlinked before the rename": Defect(unlink_before_rename, power),
    "written in place": Defect(write_in_place, power),
    "renamed before the sync": Defect(rename_before_sync, power),
    "pruned before the save": Defect(prune_before_save, power),
    "logs not synced before a save": Defect(logs_not_synced, power),
    "an error of a write is swallowed": Defect(swallowed_write_error, WRITES),
    "an error of a folder's sync is swallowed": Defect(swallowed_sync_error, SYNCS),
    "a failed sync is tried again": Defect(sync_tried_again, SYNCS),
    "a fault names no path": Defect(fault_without_path, WRITES),
    "a temporary file is left": Defect(temporary_left, WRITES),
    "a short write is taken as whole": Defect(
        short_write_taken_as_whole, failed_calls(error="short write", function="write")
    ),
    "an interruption is a fault": Defect(interruption_as_fault, failed_calls(error="EINTR", function="open_file")),
    "the digest is not checked": Defect(no_digest, damaged),
    "an older checkpoint is used without a word": Defect(older_one_without_a_word, damaged),
    "metadata is believed": Defect(metadata_believed, made_up),
    "committed before the check": Defect(commit_before_the_check, not_finite),
    "an overflow is not seen": Defect(overflow_not_seen, not_finite),
    "the optimizer's slots are forgotten": Defect(slots_forgotten, gone_on),
    "the position in the epoch is forgotten": Defect(_progress_forgotten("position"), gone_on),
    "the sum of the losses is forgotten": Defect(_progress_forgotten("loss_sum"), gone_on),
    "the order hangs on the time": Defect(order_by_time, gone_on),
    "the log is not cut": Defect(log_not_cut, gone_on),
    "leftovers are not swept": Defect(not_swept, gone_on),
    "exit 0 on SIGTERM": Defect(exit_well_of_a_signal, stopped_by_signal),
    "not saved at a signal": Defect(not_saved_at_a_signal, stopped_by_signal),
    "the lock is not taken": Defect(lock_not_taken, locked),
    "a thread is started without room": Defect(thread_without_room, little_memory),
    "a thread that cannot start is a bug": Defect(thread_that_cannot_start, little_memory),
}


def failed(reference: Reference, check: Check, plant: Callable[[], None] | None = None) -> str:
    """The first case of a check that fails with a defect planted; empty if none does.

    Errors   RuntimeError if the check itself breaks down, or tries nothing.
    """
    with workplace_in_memory() as folder:

        def work() -> int:
            if plant is not None:
                plant()
            for row in check(reference, folder):
                if row.cases == 0:
                    raise RuntimeError(f"{row.goal} tried nothing")
                if row.held < row.cases:
                    (folder / "failed").write_text(f"{row.goal}: {row.failures[0]}")
                    return 3
            return 0

        ending = forked(work, limit=240)
        if ending.code not in (0, 3):
            raise RuntimeError(f"the check broke down with {ending.code}: {ending.err[-1500:]}")
        return (folder / "failed").read_text() if ending.code else ""


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of the harness itself: defects caught, and checks that hold without one."""
    del scale  # the checks are as quick as they can be
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference")
        _ = reference.expected
        begun, missed = time.perf_counter(), list[str]()
        for name, defect in DEFECTS.items():
            try:
                if not failed(reference, defect.check, defect.plant):
                    missed.append(f"not caught: {name}")
            except RuntimeError as error:
                missed.append(f"{name}: {error}")
        count = len(DEFECTS)
        yield figures("- planted defects", count, missed, begun, "caught")
        begun, wrong = time.perf_counter(), list[str]()
        checks = {defect.check for defect in DEFECTS.values()}
        wrong = [problem for check in checks if (problem := failed(reference, check))]
        yield figures("- checks with nothing planted", len(checks), wrong, begun)
