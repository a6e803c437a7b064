"""Every file call that a fit makes, failing once, in passing and for good, with every error that disks have (G3).

The functions of ``nettrain/files/system.py`` are stood in for; a call is known by the function and by who asked for it,
so that a call in a loop is tried once. What must follow: exit 5 and one line with the path (an interrupted call and a
short write are no fault), the checkpoint that was announced last loads, nothing half done is left, and when the fault
is gone the same command ends with the very bytes of a run that met none.
"""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from commands import NETTRAIN, ROOT
from faults.forked import die_before, figures, forked, workplace_in_memory
from faults.reference import Ending, Figures, Reference, difference, environment

from nettrain.errors import CheckpointError
from nettrain.files import system
from nettrain.files.causes import AnyPath
from nettrain.files.whole import TEMPORARY, is_temporary
from nettrain.training.store import checkpoint

CALLS = ("open_file", "write", "sync", "truncate", "size", "close", "replace", "remove", "make", "flock")
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EACCES", "EMFILE", "EINTR", "short write")
HARMLESS = ("EINTR", "short write")  # in passing these are no faults at all
STOP = 11  # steps after which the process dies whose run is then gone on with: the second half of the calls
LEFTOVER = "0123456789abcdef".join(TEMPORARY)  # of a dead process, in the run that is gone on with
TRACED = 24  # cases under strace

Site = tuple[str, ...]  # the low function, then who asked for it, from the innermost


@dataclass(frozen=True)
class Call:
    """One file call of a fit: its place among all calls, who asked for it, whether a failure is to be passed over."""

    index: int
    site: Site
    quiet: bool


@dataclass(frozen=True)
class Case:
    """A call that fails."""

    call: Call
    error: str
    for_good: bool

    def __str__(self) -> str:
        return f"{self.error}{' for good' if self.for_good else ''} at call {self.call.index} ({self.call.site[:4]})"


class StandIn:
    """Stands in for the functions of files/system.py; told to, it makes one of them fail, or all from that one on."""

    def __init__(self, case: Case | None = None) -> None:
        self.case, self.calls, self.announced = case, list[Call](), -1

    def install(self, stack: ExitStack) -> None:
        for name in CALLS:
            stack.enter_context(patch.object(system, name, self._stand_in(name, getattr(system, name))))
        save = checkpoint.save

        def announcing(path: AnyPath, meta: Any, tensors: Any) -> None:
            save(path, meta, tensors)
            if "step-" in os.path.basename(path):
                self.announced = int(meta["step"])

        stack.enter_context(patch.object(checkpoint, "save", announcing))

    def _stand_in(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stand_in(*arguments: Any) -> Any:
            index = len(self.calls)
            self.calls.append(_who_asked(index, name))
            if not self._fails(index):
                return call(*arguments)
            assert self.case
            if self.case.error == "short write":
                return (
                    call(arguments[0], arguments[1][: len(arguments[1]) // 2 or 1])
                    if name == "write"
                    else call(*arguments)
                )
            if name == "close":
                call(*arguments)  # the system lets go of a file even where its close fails
            number = getattr(errno, self.case.error)
            raise OSError(number, os.strerror(number))

        return stand_in

    def _fails(self, index: int) -> bool:
        case = self.case
        return case is not None and (index == case.call.index or (case.for_good and index > case.call.index))


def _who_asked(index: int, name: str) -> Call:
    site, quiet, frame = [name], False, sys._getframe(2)
    while frame.f_back is not None:
        code = frame.f_code
        if f"{os.sep}nettrain{os.sep}" in code.co_filename:
            site.append(f"{os.path.basename(code.co_filename)}:{frame.f_lineno}")
            quiet = quiet or code.co_name == "quietly"
        frame = frame.f_back
    return Call(index, tuple(site), quiet)


@dataclass(frozen=True)
class Scene:
    """Where the calls are made: a fit from nothing, or one that goes on where another died."""

    name: str
    reference: Reference
    start: Path | None  # the run folder to begin with

    def place(self, run: Path) -> Path:
        """The run folder as it is before, in ``run``."""
        shutil.rmtree(run, ignore_errors=True)
        if self.start is not None:
            shutil.copytree(self.start, run)
        return run


def scenes(reference: Reference, folder: Path) -> list[Scene]:
    """A fit from nothing, and one that goes on in mid-epoch, with leftovers to sweep and a log to cut."""
    half = folder / "half"

    if (ending := forked(lambda: die_before(STOP, reference, half))).code:
        raise RuntimeError(f"the run to go on with could not be made: {ending.err}")
    (half / "checkpoints" / LEFTOVER).write_bytes(b"half")
    return [Scene("from nothing", reference, None), Scene("gone on with", reference, half)]


def calls_of(scene: Scene, run: Path) -> list[Call]:
    """Every file call of the scene in order."""
    scene.place(run)
    report = run.parent / "calls.json"

    def work() -> int:
        stand_in = StandIn()
        with ExitStack() as stack:
            stand_in.install(stack)
            code = scene.reference.fit(run)
        report.write_text(json.dumps([[call.index, call.site, call.quiet] for call in stand_in.calls]))
        return code

    if (ending := forked(work)).code:
        raise RuntimeError(f"the fit to count calls in ended with {ending.code}: {ending.err}")
    return [Call(index, tuple(site), quiet) for index, site, quiet in json.loads(report.read_text())]


def cases_of(calls: list[Call]) -> list[Case]:
    """Each call site with each error, in passing and for good."""
    first: dict[Site, Call] = {}
    for call in calls:
        first.setdefault(call.site, call)
    return [
        Case(call, error, for_good)
        for call in first.values()
        for error in ERRORS
        for for_good in (False, True)
        if error != "short write" or call.site[0] == "write"
    ]


def problem_of(case: Case, scene: Scene, run: Path) -> str:
    """What is wrong with how a fit took the failure of a call; empty if nothing is."""
    scene.place(run)
    report = run.parent / "announced"

    def work() -> int:
        stand_in = StandIn(case)
        with ExitStack() as stack:
            stand_in.install(stack)
            code = scene.reference.fit(run)
        failed = [call for call in stand_in.calls if stand_in._fails(call.index)]
        counts = any(not call.quiet and _can_be_told(call, case) for call in failed)
        report.write_text(json.dumps([stand_in.announced, bool(failed), counts]))
        return code

    ending = forked(work)
    if ending.code in (98, 99) or ending.code < 0:
        return f"ended with {ending.code}: {ending.err}"
    announced, failed, counts = json.loads(report.read_text())
    if not failed:
        return "the call was never made"
    harmless = case.error == "short write" or (case.error == "EINTR" and not case.for_good) or not counts
    expected = scene.reference.expected
    if problem := _ended_wrong(ending, run, 0 if harmless else 5):
        return problem
    if harmless and (problem := difference(scene.reference.digest(run), expected)):
        return f"exit 0, but {problem}"
    if problem := left_behind(run, announced, sweepable=not case.for_good, but=set() if harmless else {LEFTOVER}):
        return problem
    again = forked(lambda: scene.reference.fit(run))
    if again.code:
        return f"afterwards exit {again.code}: {again.err}"
    return difference(scene.reference.digest(run), expected)


def _can_be_told(call: Call, case: Case) -> bool:
    """An interrupted close is none: the file is closed."""
    return not (call.site[0] == "close" and case.error == "EINTR")


def _ended_wrong(ending: Ending, run: Path, code: int) -> str:
    faults = [line for line in ending.err.splitlines() if "error" in line]
    if ending.code != code or "Traceback" in ending.err:
        return f"exit {ending.code}, expected {code}: {ending.err}"
    places = (
        f"nettrain: error: {run}",
        f"nettrain: error: {run.parent}:",
    )  # the folder above is synced for its new name
    if code and not (len(faults) == 1 and faults[0].startswith(places)):
        return f"exit 5, but the lines are {faults}"
    return ""


def left_behind(run: Path, announced: int, *, sweepable: bool, but: Set[str] = frozenset()) -> str:
    """Whether the announced checkpoint is there, every checkpoint is whole, and nothing half done lies about."""
    if announced >= 0:
        try:
            found = checkpoint.newest(run / "checkpoints")
        except CheckpointError as error:
            return f"step {announced} was announced, but: {error}"
        if found.checkpoint.meta["step"] < announced or found.passed_over:
            return f"step {announced} was announced, but {found.path} is found"
    names = [name for _, _, found in os.walk(run) for name in found if is_temporary(name) and name not in but]
    return f"left {names}" if names and sweepable else ""


def stood_in(scene: Scene, run: Path, count: int | None = None, only: Callable[[Case], bool] | None = None) -> Figures:
    """Every call site of a scene with every error, or so many of them, through the stand-in."""
    begun = time.perf_counter()
    calls = calls_of(scene, run)
    cases = [case for case in cases_of(calls) if only is None or only(case)]
    if count is not None and count < len(cases):
        cases = random.Random(3).sample(cases, count)
    bad = [f"{case}: {problem}" for case in cases if (problem := problem_of(case, scene, run))]
    note = f"{len(calls)} calls from {len({call.site for call in calls})} places"
    return figures(f"G3 a failed call, {scene.name}", len(cases), bad, begun, note)


# Under strace: does the stand-in see every call that changes something?

_LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
KINDS = {  # system call -> the low function that makes it
    "write": "write", "pwrite64": "write", "writev": "write", "fsync": "sync", "fdatasync": "sync",
    "ftruncate": "truncate", "truncate": "truncate", "rename": "replace", "renameat": "replace",
    "renameat2": "replace", "unlink": "remove", "unlinkat": "remove", "rmdir": "remove", "mkdir": "make",
    "mkdirat": "make", "openat": "open_file", "open": "open_file", "creat": "open_file", "link": "", "linkat": "",
    "symlink": "", "symlinkat": "", "chmod": "", "fchmod": "", "fchmodat": "", "chown": "", "fchown": "",
    "mknod": "", "mknodat": "", "fallocate": "", "copy_file_range": "", "sendfile": "", "utimensat": "",
}  # fmt: skip


def strace_missing() -> str:
    """Why strace cannot be used here; empty if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=none", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else f"strace cannot trace here: {done.stderr.decode(errors='replace').strip()}"


def traced(scale: float) -> Iterator[Figures]:
    """What the system saw of a fit, beside what the stand-in saw; and a sample of calls that the system refuses."""
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference")
        yield compared(reference, folder)
        yield injected(reference, folder, max(4, round(TRACED * scale)))


def _strace(options: list[str], reference: Reference, run: Path) -> Ending:
    command = ["strace", "-f", "-qq", "-y", "-s", "0", *options, *NETTRAIN, *reference.arguments(run)]
    changes = {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=environment(changes), cwd=ROOT, capture_output=True, check=False, text=True, timeout=120
    )
    return Ending(done.returncode, done.stdout, done.stderr)


def compared(reference: Reference, folder: Path) -> Figures:
    """The calls of a fit that change something, by kind, as the stand-in and as the system saw them."""
    begun, scene = time.perf_counter(), Scene("from nothing", reference, None)
    if reason := strace_missing():
        return Figures("G3", 0, 0, "the stand-in misses no call", skipped=reason)
    seen = Counter(call.site[0] for call in calls_of(scene, folder / "run") if call.site[0] in KINDS.values())
    shutil.rmtree(folder / "run")
    log = folder / "strace"
    ending = _strace(
        ["-o", str(log), "-e", f"trace={','.join('?' + kind for kind in KINDS)}"], scene.reference, folder / "run"
    )
    if ending.code:
        return figures("G3 the stand-in misses no call", 1, [f"exit {ending.code}: {ending.err}"], begun)
    system, wrong = Counter[str](), list[str]()
    for line in log.read_text().splitlines():
        if not (match := _LINE.match(line)) or _only_reads(match[1], match[2]):
            continue
        if str(folder) in match[2]:
            system[KINDS[match[1]] or match[1]] += 1
        elif not re.match(r"[012]<|\d+<(pipe|/dev/null|anon_inode|socket)", match[2]) and "/dev/null" not in match[2]:
            wrong.append(f"a write elsewhere: {line}")
    for kind in sorted(seen.keys() | system.keys()):
        if seen[kind] != system[kind]:
            wrong.append(f"{kind}: {seen[kind]} by the stand-in, {system[kind]} by the system")
    count = sum(system.values())
    return figures("G3 the stand-in misses no call", count, wrong, begun)


def _only_reads(name: str, rest: str) -> bool:
    """An open that cannot change anything, but for a folder, which is opened to be synced."""
    if name not in ("openat", "open"):
        return False
    return not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", rest) and not (
        "O_RDONLY|O_DIRECTORY" in rest or re.search(r"O_RDONLY\|O_CLOEXEC\|O_DIRECTORY", rest)
    )


def injected(reference: Reference, folder: Path, count: int) -> Figures:
    """Calls that the system itself refuses, under strace."""
    begun, scene = time.perf_counter(), Scene("from nothing", reference, None)
    if reason := strace_missing():
        return Figures("G3", 0, 0, "a call refused by the system", skipped=reason)
    chance = random.Random(4)
    bad = []
    kinds = [("fsync", 30), ("rename", 12), ("unlink", 8), ("ftruncate", 1), ("mkdir", 2), ("write", 40)]
    run = folder / "run"
    for number in range(count):
        kind, last = kinds[number % len(kinds)]
        error, at = chance.choice(("ENOSPC", "EIO", "EDQUOT", "EROFS", "EACCES")), chance.randint(1, last)
        scene.place(run)
        inject = ["-o", str(folder / "strace"), "-e", f"trace={kind}", "-e", f"inject={kind}:error={error}:when={at}"]
        ending = _strace(inject, scene.reference, run)
        log = [line for line in (folder / "strace").read_text().splitlines() if "INJECTED" in line]
        case = f"{error} at {kind} {at}"
        if not log:
            bad.append(f"{case}: never came to pass")
            continue
        elsewhere = str(run) not in log[0]  # a write to stderr: the training goes on without it
        if problem := _ended_wrong(ending, run, 0 if elsewhere else 5) or left_behind(run, -1, sweepable=True):
            bad.append(f"{case}: {log[0]}: {problem}")
            continue
        again = forked(lambda: scene.reference.fit(run))
        if again.code or (problem := difference(scene.reference.digest(run), scene.reference.expected)):
            bad.append(f"{case}: afterwards exit {again.code}: {again.err or problem}")
    return figures("G3 a call refused by the system", count, bad, begun)


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G3."""
    with workplace_in_memory() as folder:
        for scene in scenes(Reference(folder / "reference"), folder):
            yield stood_in(scene, folder / "run", None if scale >= 1 else max(6, round(2000 * scale)))
    yield from traced(scale)
