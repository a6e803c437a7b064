"""Disks that are full, read-only or limited (G4): exit 5 and one line; with room again, the same bytes at the end.

The disk is a tmpfs, mounted in a mount namespace of its own, so that nothing of it is seen outside or stays.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from commands import NETTRAIN, ROOT
from faults.calls import left_behind
from faults.forked import figures, forked, workplace_in_memory
from faults.reference import Ending, Figures, Reference, difference, environment, one_error_line

SIZES = 60
LIMITS = 40  # file sizes (RLIMIT_FSIZE)
WIDER = ("--set", "model.layers.1.dense.units=256")  # so that a fit takes more pages than there are sizes
PAGE = 4096  # bytes: tmpfs gives room by the page


def missing() -> str:
    """Why no disk can be mounted here; empty if one can."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return "unshare or mount is not installed"
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return "" if done.returncode == 0 else f"cannot mount here: {done.stderr.decode(errors='replace').strip()}"


def mount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], check=True)


def ended_at_fault(ending: Ending, run: Path, words: str) -> str:
    """What is wrong with exit 5, one line, the path in it, and why; empty if nothing is."""
    if ending.code != 5 or not one_error_line(ending):
        return f"exit {ending.code}: {ending.err}"
    line = ending.err.splitlines()[-1]
    if words not in line or not line.startswith(f"nettrain: error: {run.parent}"):
        return f"exit 5, but: {line}"
    return ""


def full(reference: Reference, place: Path, count: int) -> Figures:
    """A fit on disks of many sizes, from no room to nearly enough; then room is made."""
    begun, wrong = time.perf_counter(), list[str]()
    undisturbed = place.parent / "wider"
    forked(lambda: reference.fit(undisturbed, *WIDER))
    need, expected = _need(reference, place), reference.digest(undisturbed)
    sizes = sorted({PAGE * max(1, round(need / PAGE * number / count)) for number in range(count)})
    for size in sizes:
        mount(place, f"size={size}")
        try:
            run = place / "run"
            ending = forked(lambda run=run: reference.fit(run, *WIDER))  # type: ignore[misc]
            problem = ended_at_fault(ending, run, "the disk is full") or left_behind(run, -1, sweepable=True)
            if not problem:
                subprocess.run(["mount", "-o", f"remount,size={4 * need}", str(place)], check=True)
                again = forked(lambda run=run: reference.fit(run, *WIDER))  # type: ignore[misc]
                problem = f"afterwards exit {again.code}: {again.err}" if again.code else ""
                problem = problem or difference(reference.digest(run), expected)
            if problem:
                wrong.append(f"{size} bytes: {problem}")
        finally:
            subprocess.run(["umount", str(place)], check=True)
    note = f"up to {need} bytes, the most that a fit takes"
    return figures("G4 disk full", len(sizes), wrong, begun, note)


def _need(reference: Reference, place: Path) -> int:
    """The room that the fit takes: the size from which on it succeeds, in whole pages."""
    low, high = 1, 1024
    while high - low > 1:
        middle = (low + high) // 2
        mount(place, f"size={PAGE * middle}")
        try:
            low, high = (
                (low, middle) if not forked(lambda: reference.fit(place / "run", *WIDER)).code else (middle, high)
            )
        finally:
            subprocess.run(["umount", str(place)], check=True)
    return PAGE * high


def read_only(reference: Reference, place: Path) -> Figures:
    """A disk that cannot be written: for a new run and for one to go on with; pictures on it are fine."""
    begun, wrong = time.perf_counter(), list[str]()
    mount(place, "size=4m")
    try:
        shutil.copytree(reference.data, place / "data")
        half = place / "half"
        forked(lambda: reference.fit(half, "--epochs", "1"))
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        for run in (place / "run", half):
            ending = forked(lambda run=run: reference.fit(run))  # type: ignore[misc]
            if problem := ended_at_fault(ending, run, "the file system is read-only"):
                wrong.append(f"{run.name}: {problem}")
        elsewhere = place.parent / "from-read-only"
        data = ("--set", f"data.train={place / 'data'}")
        ending = forked(lambda: reference.fit(elsewhere, *data))
        if ending.code or (problem := difference(reference.digest(elsewhere), reference.expected)):
            wrong.append(f"pictures on a read-only disk: exit {ending.code}: {ending.err or problem}")
    finally:
        subprocess.run(["umount", str(place)], check=True)
    return figures("G4 read-only disk", 3, wrong, begun)


def file_sizes(reference: Reference, folder: Path, count: int) -> Figures:
    """A limit on the size of a file (RLIMIT_FSIZE)."""
    begun, wrong = time.perf_counter(), list[str]()
    largest = max(path.stat().st_size for path in (reference.folder / "expected").rglob("*") if path.is_file())
    for number in range(count):
        run, limit = folder / f"limited-{number}", largest * number // count

        ending = _limited(reference.command(run), limit)
        problem = ended_at_fault(ending, run, "the file would be larger than is allowed")
        problem = problem or left_behind(run, -1, sweepable=True)
        if not problem:
            again = forked(lambda run=run: reference.fit(run))  # type: ignore[misc]
            problem = f"afterwards exit {again.code}: {again.err}" if again.code else ""
            problem = problem or difference(reference.digest(run), reference.expected)
        if problem:
            wrong.append(f"{limit} bytes: {problem}")
    return figures("G4 file size limit", count, wrong, begun)


def _limited(command: list[str], limit: int) -> Ending:
    """A command that may write no file longer than ``limit`` bytes; what it prints goes through pipes."""

    def start() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        command, env=environment(), capture_output=True, check=False, text=True, timeout=120, preexec_fn=start
    )
    return Ending(done.returncode, done.stdout, done.stderr)


def devices(reference: Reference, folder: Path) -> Figures:
    """``/dev/full``, which takes nothing, in the place of each output."""
    begun, wrong = time.perf_counter(), list[str]()
    _ = reference.expected
    picture, model = next(reference.data.rglob("*.bmp")), reference.folder / "expected"
    predict = [*NETTRAIN, "predict", str(picture), "--model", str(model)]
    expected = {
        "predict to it": (5, "nettrain: error: stdout: cannot write: the disk is full; free some space and try again"),
        "predict --output": (
            5, "nettrain: error: /dev/full: cannot write: is a device or pipe; expected the name of a plain file"
        ),
        "fit tells it": (0, ""),
    }  # fmt: skip
    found: dict[str, tuple[int, str]] = {}
    with open("/dev/full", "wb", buffering=0) as nowhere:
        done = subprocess.run(
            predict, env=environment(), stdout=nowhere, stderr=subprocess.PIPE, check=False, text=True
        )
        found["predict to it"] = done.returncode, done.stderr.strip()
        command = [*predict, "--output", "/dev/full"]
        done = subprocess.run(command, env=environment(), capture_output=True, check=False, text=True)
        found["predict --output"] = done.returncode, done.stderr.strip().splitlines()[-1]
        run = folder / "unheard"
        done = subprocess.run(
            reference.command(run), env=environment(), stderr=nowhere, stdout=subprocess.PIPE, check=False, text=True
        )
        found["fit tells it"] = done.returncode, difference(reference.digest(run), reference.expected)
    wrong = [f"{name}: {found[name]}" for name in expected if found[name] != expected[name]]
    count = len(expected)
    return figures("G4 /dev/full", count, wrong, begun)


def mounted(count: int) -> Iterator[Figures]:
    """The figures for which a disk is mounted, from a process in a mount namespace of its own."""
    if reason := missing():
        yield Figures("G4", 0, 0, "disk full", skipped=reason)
        yield Figures("G4", 0, 0, "read-only disk", skipped=reason)
        return
    changes = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    command = ["unshare", "-m", sys.executable, "-m", "faults.disks", str(count)]
    done = subprocess.run(command, env=environment(changes), cwd=ROOT, capture_output=True, check=False, text=True)
    if done.returncode:
        raise RuntimeError(f"the process with disks of its own ended with {done.returncode}: {done.stderr}")
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            values = json.loads(line)
            yield Figures(**{**values, "failures": tuple(values["failures"])})


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G4."""
    yield from mounted(max(4, round(SIZES * scale)))
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference")
        _ = reference.expected
        yield file_sizes(reference, folder, max(2, round(LIMITS * scale)))
        yield devices(reference, folder)


def main(count: int) -> None:
    """Run by ``mounted``: prints figures as JSON, one a line."""
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference")
        _ = reference.expected
        place = folder / "disk"
        place.mkdir()
        for row in (full(reference, place, count), read_only(reference, place)):
            print(json.dumps(asdict(row)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
