"""G17: eight fits in one folder are one fit and seven refusals, and a model is never read while half of it is new."""

from __future__ import annotations

import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from faults.forks import HUNG, LIMIT, Child, Forks
from faults.kills import Broken, compare
from faults.reference import Ending, Figures, Reference, scaled, workplace

from nettrain.files import whole

FITS = 8
ROUNDS = 10  # of eight fits, half of them in a folder whose last process was killed
PREDICTS = 1000
ENOUGH = 50  # predicts, to have met both models


def eight(reference: Reference, folder: Path, run: Path) -> None:
    """Eight fits begin at once; the one that has the folder waits until the others have seen that."""
    for number in range(FITS):
        (folder / str(number)).mkdir(exist_ok=True)
    children = {}
    for number in range(FITS):
        child = Child.real(reference.command(run, "--threads", "1"), folder / str(number))
        children[child.pid] = child
    endings: dict[int, Ending] = {}
    try:
        holder = _holder(run, children)
        children[holder].send(signal.SIGSTOP)
        for pid, child in children.items():
            if pid != holder:
                endings[pid] = child.wait()
        children[holder].send(signal.SIGCONT)
        endings[holder] = children[holder].wait()
    finally:
        for pid in children.keys() - endings.keys():
            children[pid].send(signal.SIGKILL)
            children[pid].wait()
    line = f"nettrain: error: {run}: is in use by process {holder}; wait for it to end, or choose another folder\n"
    for pid, ending in endings.items():
        if pid == holder and ending.code:
            raise Broken(f"the one that had the folder ended with {ending.code}: {ending.err[-300:]}")
        if pid != holder and (ending.code, ending.out) != (5, ""):
            raise Broken(f"exit code {ending.code}; expected 5: {ending.err[-300:]}")
        if pid != holder and not ending.err.endswith(line):
            raise Broken(f"said {ending.err[-300:]!r}; expected {line!r}")


def _holder(run: Path, children: dict[int, Child]) -> int:
    """The process named in the lock, once it is one of ours."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            holder = int((run / "lock").read_text())
        except (FileNotFoundError, ValueError):
            holder = 0
        if holder in children:
            return holder
        time.sleep(0.001)
    raise Broken("nobody took the folder")


def fits(rounds: int) -> Figures:
    """Eight fits in a new folder, and in one whose process was killed while it held the lock."""
    begun, failures = time.perf_counter(), []
    with workplace() as folder:
        reference = Reference(folder / "reference", large=True)
        assert reference.expected
        for number in range(rounds):
            run, inputs = folder / f"run-{number}", reference.inputs()
            try:
                if number % 2:
                    child = Child.real(reference.command(run), folder)
                    while not (run / "run.json").exists() and child.running(0.001):
                        pass
                    child.send(signal.SIGKILL)
                    if child.wait().code != -signal.SIGKILL or not (run / "lock").read_text().strip():
                        raise Broken("the process did not die with its lock")
                eight(reference, folder, run)
                compare(run, reference, inputs)
            except Broken as problem:
                failures.append(f"round {number}{', after a kill' if number % 2 else ''}: {problem}")
            shutil.rmtree(run, ignore_errors=True)
    note = f"{FITS} fits at once, 1 goes on and {FITS - 1} exit 5 naming it; every second time after a kill"
    return Figures("G17", rounds, rounds - len(failures), note, time.perf_counter() - begun, tuple(failures))


Write = Callable[[Path, bytes], None]


def predicts(count: int, write: Write = whole.write_atomic) -> Figures:
    """Predicts while ``write`` puts one model in the place of the other: each row is of the one or of the other."""
    begun, failures, order = time.perf_counter(), [], random.Random(1)
    replaced, ending = 0, threading.Event()
    with workplace() as folder, Forks() as forks:
        models = []
        for seed in ("7", "8"):
            reference = Reference(folder / f"seed-{seed}", large=True)
            if forks.run([*reference.arguments(folder / seed), "--seed", seed, "--epochs", "1", "--lr", "1e-6"]).code:
                raise RuntimeError("the model could not be trained")
            models.append((folder / seed / "best.safetensors").read_bytes())
        best = folder / "best.safetensors"
        best.write_bytes(models[0])
        picture = str(next((folder / "seed-7/data/class-0").iterdir()))
        arguments = ["predict", picture, "--model", str(best), "--format", "jsonl", "--threads", "1"]
        rows = set()
        for model in models:
            best.write_bytes(model)
            rows.add(forks.run(arguments).out)
        if len(rows) != 2 or "" in rows:
            raise RuntimeError(f"two models should say two things, and say {rows}")

        def replace() -> None:
            nonlocal replaced
            while not ending.is_set():
                replaced += 1
                write(best, models[replaced % 2])
                time.sleep(order.random() * 0.005)

        writer = threading.Thread(target=replace)
        writer.start()
        try:
            seen = set()
            for number in range(count):
                done = forks.run(arguments)
                seen.add(done.out)
                if done.code or done.out not in rows:
                    what = "hung" if done.code == HUNG else f"exit code {done.code}"
                    failures.append(f"predict {number}: {what}, {done.out[-200:]!r} {done.err[-200:]!r}")
        finally:
            ending.set()
            writer.join()
    if count >= ENOUGH and seen != rows:
        failures.append(f"of the two models only {len(seen & rows)} was seen: they were not replaced as they should")
    note = f"predicts while best.safetensors was replaced {replaced} times; {len(seen & rows)} models were seen"
    return Figures("G17", count, count - len(failures), note, time.perf_counter() - begun, tuple(failures))


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """G17."""
    yield fits(scaled(ROUNDS, scale))
    yield predicts(scaled(PREDICTS, scale))
