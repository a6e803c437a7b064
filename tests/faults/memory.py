"""Too little memory (G5): a fit under every address-space limit from what it starts with to all that it needs.

It ends well, or with exit 5 and one line; never in a hang, a traceback or a crash, and what it saved before is whole.
"""

from __future__ import annotations

import io
import re
import resource
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import numpy as np
from faults.forked import before_step, figures, forked, workplace_in_memory
from faults.reference import Ending, Figures, Reference, difference

from nettrain.arrays.threads import parallel, set_threads
from nettrain.errors import CheckpointError
from nettrain.training.store import checkpoint

STEPS = 40
THREADS = 2
LARGER = "model.layers.1.dense.units=3072"  # 20 MB of weights: more than a process has lying about
LATE = 2  # steps
REASON = re.compile(
    r"\d [KMG]iB|needs [\d.]+ [MG]B of memory|no room for another thread|out of memory;"
)  # the last from Python itself
HANG = 60.0  # seconds
SIDE = 1536  # of the matrices of the product that every worker runs before the limit falls: long enough to be at once


def size_of_process(key: str = "VmSize") -> int:
    """Address space of this process in bytes, now or at most (``VmPeak``)."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{key}:\s+(\d+) kB", status)
    if found is None:
        raise RuntimeError(f"no {key} in /proc/self/status")
    return int(found[1]) << 10


def start_up(folder: Path) -> None:
    """What has happened before memory becomes short: every worker has run one product, all at once,
    so that OpenBLAS has the memory that it packs matrices in; where it cannot have that, it ends the process itself.

    Notes    There is free memory in heaps by then, but none that a new thread could use: a small fit leaves it so.
    """
    Reference(folder / "small").fit(folder / "before")
    _ = [bytes(3000) for _ in range(60000)]
    set_threads(THREADS)
    all_here = threading.Barrier(THREADS)

    def product(_: int) -> None:
        all_here.wait()
        matrix = np.ones((SIDE, SIDE), np.float32)
        matrix @ matrix

    parallel(THREADS, product)


def limited(
    reference: Reference, run: Path, more: int | None, *, late: bool = False, report: Path | None = None
) -> Ending:
    """A fit in a child that may take so many bytes more than it has after the start, or, ``late``, at step ``LATE``."""

    def limit() -> None:
        if more is not None:
            size = size_of_process() + more
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

    def work() -> int:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            start_up(run.with_name(f"{run.name}-start"))
        before = size_of_process()
        with ExitStack() as stack:
            if late:
                stack.enter_context(before_step(LATE, limit))
            else:
                limit()
            code = reference.fit(run, "--threads", str(THREADS), "--epochs", "1", "--set", LARGER)
        if report is not None:
            report.write_text(str(size_of_process("VmPeak") - before))
        return code

    return forked(work, limit=HANG)


def without_threads(reference: Reference, run: Path) -> Ending:
    """A fit in a child that the system gives no further thread, as it does where there is no room for its stack."""

    def refuse(*_: object) -> int:
        raise RuntimeError("can't start new thread")  # the words of Python itself

    def work() -> int:
        with patch.object(threading, "_start_new_thread", refuse):
            return reference.fit(run)

    return forked(work, limit=HANG)


def problem_of(ending: Ending, run: Path, *, late: bool) -> str:
    """What is wrong with how a fit ended under a limit; empty if nothing is."""
    errors = [line for line in ending.err.splitlines() if "error" in line.lower()]
    if ending.code not in (0, 5) or "Traceback" in ending.err:
        return f"exit {ending.code}: {ending.err[-600:]}"
    if ending.code == 5 and (len(errors) != 1 or not REASON.search(errors[0])):
        return f"exit 5, but the lines are {errors}"
    if late and not checkpoint.steps(run / "checkpoints"):
        return "the checkpoint of step 0 is gone"
    if checkpoint.steps(run / "checkpoints"):
        try:
            if checkpoint.newest(run / "checkpoints").passed_over:
                return "a checkpoint is not whole"
        except CheckpointError as error:
            return str(error)
    return ""


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G5."""
    begun, steps = time.perf_counter(), max(4, round(STEPS * scale))
    with workplace_in_memory() as folder:
        reference = Reference(folder / "reference", large=True)
        run, report = folder / "whole", folder / "need"
        if (whole := limited(reference, run, None, report=report)).code:
            raise RuntimeError(f"the fit without a limit ended with {whole.code}: {whole.err}")
        need, expected = int(report.read_text()), reference.digest(run)
        wrong, codes = list[str](), Counter[int]()
        for number in range(steps):
            late = number % 2 == 1
            more = round(need * (number // 2 / (steps // 2 - 1)) ** 2)  # finest where little is left
            run = folder / f"run-{number}"
            ending = limited(reference, run, more, late=late)
            codes[ending.code] += 1
            problem = problem_of(ending, run, late=late)
            if not problem and not ending.code:
                problem = difference(reference.digest(run), expected)
            if problem:
                wrong.append(f"{more} bytes of {need}{' in mid-training' if late else ''}: {problem}")
            shutil.rmtree(run, ignore_errors=True)
            shutil.rmtree(f"{run}-start", ignore_errors=True)
        note = f"need {need >> 20} MiB; {codes[0]} ended well, {codes[5]} with exit 5"
        run = folder / "no-thread"
        if problem := problem_of(without_threads(reference, run), run, late=False):
            wrong.append(f"no thread: {problem}")
    steps += 1
    yield figures("G5 address space", steps, wrong, begun, note)
