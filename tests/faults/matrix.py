"""G14 to G16: nothing around a fit changes its bytes; what could, is said at resume; inputs stay as they are."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from faults.forks import Forks
from faults.kills import Broken, check_steps, compare
from faults.reference import (
    PYTHON,
    STEPS,
    Ending,
    Figures,
    Reference,
    difference,
    ended,
    environment,
    scaled,
    workplace,
)

from nettrain.training.store.platform import DECIDING

OTHER_KERNELS = ("Haswell", "Sandybridge")  # the first that is not this machine's own is taken
WARNING = "nettrain: warning: the bits may differ from an uninterrupted run: "
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && ! touch "$0/x" 2>/dev/null && exec "$@"'
OWN_MOUNTS = ("unshare", "--mount", "sh", "-c", READ_ONLY)
DEEP = 12  # folders of 200 bytes: a path of 2,400 bytes


@dataclass
class Surroundings:
    """One way to run the same fit."""

    name: str
    extra: tuple[str, ...] = ()  # of the command line
    changes: dict[str, str] = field(default_factory=dict)  # of the environment; the fit is a process of its own then
    alterations: dict[str, Any] = field(default_factory=dict)
    python: tuple[str, ...] = ()  # options of the interpreter
    folder: str = "run"
    real: bool = False


def deep(base: Path) -> str:
    """A path that is as long as the system takes it."""
    room = (4096 - len(os.fsencode(base)) - 200) // 201  # what the run itself adds must fit too
    return "/".join(["d" * 200] * min(DEEP, room))


def ways() -> list[Surroundings]:
    """Every way but the resumes; about in the order of how often it goes wrong elsewhere."""
    found = [Surroundings(f"{n} threads", ("--threads", str(n))) for n in (1, 2, 3, 4)]
    found += [Surroundings(f"hash seed {n}", changes={"PYTHONHASHSEED": n}) for n in ("0", "1", "2", "3", "random")]
    found += [Surroundings(f"shuffled {n}", alterations={"shuffle": n}) for n in range(8)]
    languages = ("C", "POSIX", "C.UTF-8", "tr_TR.UTF-8", "de_DE.UTF-8", "missing")
    found += [Surroundings(f"LC_ALL={name}", changes={"LC_ALL": name, "LANG": name}) for name in languages]
    zones = ("UTC", "Asia/Kolkata", "America/St_Johns", "XXX-14")
    found += [Surroundings(f"TZ={zone}", alterations={"clock": zone}) for zone in zones]
    found += [Surroundings(f"umask {mask:03o}", alterations={"umask": mask}) for mask in (0o000, 0o027, 0o077, 0o177)]
    found += [Surroundings("a path of one letter", folder="r"), Surroundings("a long path", folder="deep")]
    found += [Surroundings("python -OO", changes={"PYTHONOPTIMIZE": "2"}), Surroundings("python -I", python=("-I",))]
    found += [Surroundings("no HOME", changes={"HOME": ""}), Surroundings("one column", changes={"COLUMNS": "1"})]
    found += [Surroundings("another clock", changes={"SOURCE_DATE_EPOCH": "1"}), Surroundings("a shell", real=True)]
    return found


def _tell(code: int, error: str) -> None:
    if code:
        raise Broken(f"exit code {code}: {error[-400:]}")


@dataclass
class Matrix:
    """Runs the same fit in other surroundings, and compares."""

    forks: Forks
    reference: Reference
    folder: Path
    defect: str | None = None
    cases: int = 0
    failures: list[str] = field(default_factory=list)

    def check(self, name: str, attempt: Callable[[], None]) -> None:
        """One case, which raises ``Broken`` if it does not hold."""
        self.cases += 1
        try:
            attempt()
        except Broken as problem:
            self.failures.append(f"{name}: {problem}")

    def figures(self, goal: str, note: str, seconds: float) -> Figures:
        return Figures(goal, self.cases, self.cases - len(self.failures), note, seconds, tuple(self.failures))

    def altered(self, **alterations: Any) -> dict[str, Any]:
        return {**alterations, **({"defect": self.defect} if self.defect else {})}

    def whole(self, way: Surroundings) -> None:
        """A fit from its beginning to its end."""
        name = deep(self.folder) if way.folder == "deep" else way.folder
        run, inputs = self.folder / name, self.reference.inputs()
        arguments = self.reference.arguments(run, *way.extra)
        if way.changes or way.python or way.real:
            program = after_path() if "-I" in way.python else ("-m", "nettrain")
            ending = ended([PYTHON, *way.python, *program, *arguments], changes=way.changes)
        else:
            ending = self.forks.run(arguments, **self.altered(**way.alterations))
        try:
            _tell(ending.code, ending.err)
            compare(run, self.reference, inputs)
        finally:
            shutil.rmtree(self.folder / name.partition("/")[0], ignore_errors=True)

    def resumed(self, step: int, number: int, threads: int) -> None:
        """A fit that is stopped after a step, and gone on with by other threads."""
        run, inputs = self.folder / "run", self.reference.inputs()
        try:
            arguments = self.reference.arguments(run)
            ending = self.forks.run(arguments, **self.altered(stop=[step, number]))
            if ending.code != -number:
                raise Broken(f"exit code {ending.code}; expected {-number}")
            ending = self.forks.run([*arguments, "--threads", str(threads)], **self.altered())
            _tell(ending.code, ending.err)
            compare(run, self.reference, inputs)
        finally:
            shutil.rmtree(run, ignore_errors=True)


def after_path() -> tuple[str, str]:
    """The program where the environment does not say where it lies."""
    lines = f"import sys; sys.path.insert(0, {environment()['PYTHONPATH']!r})"
    return "-c", f"{lines}; from nettrain.__main__ import main; main()"


def same_bytes(every: int = 1, seed: int = 1, defect: str | None = None, only: str = "") -> Iterator[Figures]:
    """G14: one digest, in all ways that have ``only`` in their names, or every n-th of them, and resumed."""
    begun = time.perf_counter()
    with workplace() as folder, Forks() as forks:
        matrix = Matrix(forks, Reference(folder / "reference"), folder, defect)
        assert matrix.reference.expected
        for way in [way for way in ways() if only in way.name][::every]:
            matrix.check(way.name, partial(matrix.whole, way))
        surroundings = matrix.cases
        order = random.Random(seed)
        for step in range(1, 1 if only else STEPS, every):
            number = (signal.SIGTERM, signal.SIGKILL)[step // every % 2]
            matrix.check(f"resumed at step {step}", partial(matrix.resumed, step, number, order.randint(1, 4)))
        note = f"one digest in {surroundings} surroundings and resumed at {matrix.cases - surroundings} steps"
        yield matrix.figures("G14", note, time.perf_counter() - begun)


def stop_early(forks: Forks, reference: Reference, run: Path) -> None:
    """A run that stopped after its ninth step."""
    ending = forks.run(reference.arguments(run), stop=[9, int(signal.SIGTERM)])
    if ending.code != -signal.SIGTERM:
        raise Broken(f"exit code {ending.code}: {ending.err}")


def warned(ending: Ending, *said: str) -> None:
    """It went on, and said so in exactly one warning line, with each of these in it."""
    _tell(ending.code, ending.err)
    lines = [line for line in ending.err.splitlines() if "warning" in line]
    if len(lines) != 1 or not lines[0].startswith(WARNING) or not all(part in lines[0] for part in said):
        raise Broken(f"the warnings are {lines}; expected one with {', '.join(said)}")


def other_kernel() -> str | None:
    """A kernel that the BLAS has beside its own; None if it does not let itself be told."""
    own = _kernel({})
    return next((name for name in OTHER_KERNELS if _kernel({"OPENBLAS_CORETYPE": name}) != own), None)


def _kernel(changes: dict[str, str]) -> str:
    code = "from nettrain.arrays.blas import kernel; print(kernel())"
    return ended([PYTHON, "-c", code], changes=changes).out


def said_at_resume() -> Iterator[Figures]:
    """G15: another kernel, and every other fact that decides the bits."""
    begun = time.perf_counter()
    with workplace() as folder, Forks() as forks:
        matrix = Matrix(forks, Reference(folder / "reference"), folder)
        reference, run = matrix.reference, folder / "run"

        def fresh() -> None:
            shutil.rmtree(run, ignore_errors=True)
            stop_early(forks, reference, run)

        def with_kernel(name: str) -> None:
            fresh()
            warned(reference.run(run, changes={"OPENBLAS_CORETYPE": name}), "blas ", name)

        def with_fact(key: str) -> None:
            fresh()
            facts = json.loads((run / "run.json").read_text())
            (run / "run.json").write_text(json.dumps({**facts, key: "something else"}))
            warned(forks.run(reference.arguments(run)), f"{key} something else, now {facts[key]}")

        def unchanged() -> None:
            fresh()
            ending = forks.run(reference.arguments(run))
            _tell(ending.code, ending.err)
            if "warning" in ending.err:
                raise Broken(f"a warning, though nothing has changed: {ending.err}")

        kernel = other_kernel()
        if kernel:
            matrix.check(f"OPENBLAS_CORETYPE={kernel}", partial(with_kernel, kernel))
        for key in DECIDING:
            matrix.check(f"another {key}", partial(with_fact, key))
        matrix.check("the same", unchanged)
        what = f"OPENBLAS_CORETYPE={kernel}" if kernel else "the BLAS here has one kernel only"
        yield matrix.figures("G15", f"one warning line; {what}; {len(DECIDING)} facts of run.json", _since(begun))


def _since(begun: float) -> float:
    return time.perf_counter() - begun


@cache
def can_mount() -> bool:
    """Whether a folder can be mounted read-only here."""
    with workplace() as folder:
        try:
            return subprocess.run([*OWN_MOUNTS, str(folder), "true"], capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False


def inputs_kept(rounds: int) -> Iterator[Figures]:
    """G16: a read-only data folder will do, nothing in it changes, and each step stands in the log once."""
    begun = time.perf_counter()
    with workplace() as folder, Forks() as forks:
        matrix = Matrix(forks, Reference(folder / "reference"), folder)
        reference = matrix.reference
        assert reference.expected

        def read_only() -> None:
            run = folder / "mounted"
            command = [*OWN_MOUNTS, str(reference.data), *reference.command(run)]
            ending = ended(command)
            _tell(ending.code, ending.err)
            if differing := difference(reference.digest(run), reference.expected):
                raise Broken(differing)

        def untouched(step: int) -> None:
            run, before = folder / f"run-{step}", times(reference)
            forks.run(reference.arguments(run), stop=[step, int(signal.SIGKILL)])
            ending = forks.run(reference.arguments(run))
            _tell(ending.code, ending.err)
            check_steps(run)
            if times(reference) != before:
                raise Broken("an input was changed, or touched")

        if can_mount():
            matrix.check("a read-only mount", read_only)
        order = random.Random(1)
        for number in range(rounds):
            step = order.randint(1, STEPS - 1)
            matrix.check(f"round {number}, killed after step {step}", partial(untouched, step))
            shutil.rmtree(folder / f"run-{step}")
        mount = "data on a read-only mount" if can_mount() else "no read-only mount is possible here"
        note = f"{mount}; inputs unchanged, times too, and each step logged once, in {rounds} runs killed and resumed"
        yield matrix.figures("G16", note, _since(begun))


def times(reference: Reference) -> dict[str, tuple[str, int, int]]:
    """Every input with its hash, size and the moment of its last change, and the folders, in which nothing is new."""
    found = {path: (digest, 0, os.stat(path).st_mtime_ns) for path, digest in reference.inputs().items()}
    folders = [reference.data, *(path for path in reference.data.rglob("*") if path.is_dir())]
    return {**found, **{str(path): ("", len(list(path.iterdir())), path.stat().st_mtime_ns) for path in folders}}


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """G14, G15, G16."""
    yield from same_bytes()
    yield from said_at_resume()
    yield from inputs_kept(scaled(20, scale))
