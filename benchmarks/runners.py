"""From a contender to a function that takes one figure: in a kept process, in a new one, or as a whole program."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from benchmarks import processes
from benchmarks.child import STATUS
from benchmarks.children import Children
from benchmarks.faults import Fault
from benchmarks.measure import Run, calls_for
from benchmarks.plan import Command, Contender, Fresh, Kept, Unit
from benchmarks.sides import SIDES, Missing, require
from benchmarks.workshop import Workshop

STEPS_OF_A_PEAK = 5
KILO = 1 if sys.platform == "darwin" else 1024  # what the system counts a process's memory in


@dataclass(frozen=True)
class Bench:
    """What all rows share: the processes, the workshop, the environment of whole programs."""

    children: Children
    workshop: Workshop
    environment: Mapping[str, str]


@dataclass
class Facts:
    """What a contender said of its work when it was prepared: of one call."""

    flops: float = 0
    images: int = 0


@dataclass(frozen=True)
class Ready:
    """A contender that can be measured."""

    run: Run
    facts: Facts = field(default_factory=Facts)


def ready(contender: Contender, unit: Unit, seconds: float, bench: Bench) -> Ready:
    """Set it up; ``seconds`` is about how long a round in a kept process takes.

    Errors   ``Missing`` says what it needs that is not here.
    """
    if isinstance(contender, Kept):
        return _kept(contender, seconds, bench)
    if isinstance(contender, Fresh):
        return Ready(_fresh(contender, bench))
    require(contender.package)
    contender.arguments(bench.workshop)  # whatever it sets up is there before the first round
    return Ready(_command(contender, unit, bench))


def _kept(contender: Kept, seconds: float, bench: Bench) -> Ready:
    child, job = bench.children.kept(contender.side, contender.threads), contender.job
    if contender.pictures:
        job = replace(job, folder=str(bench.workshop.pictures(contender.pictures)))
    facts = child.ask("prepare", job)
    child.ask("round", job, calls=1)  # the first call sets up what later ones reuse
    calls = calls_for(seconds, child.ask("round", job, calls=1)["seconds"])
    return Ready(lambda: float(child.ask("round", job, calls=calls)["seconds"]), Facts(**facts))


def _fresh(contender: Fresh, bench: Bench) -> Run:
    def peak() -> float:
        with bench.children.fresh(contender.side, contender.threads) as child:
            child.ask("load", contender.job)
            imported = child.ask("memory")["now"]
            child.ask("prepare", contender.job)
            child.ask("round", contender.job, calls=STEPS_OF_A_PEAK)
            return float(child.ask("memory")["most"] - imported)

    require(SIDES[contender.side].package)
    if not STATUS.exists():
        raise Missing(f"memory is read from {STATUS}, which only Linux has")
    return peak


def _command(contender: Command, unit: Unit, bench: Bench) -> Run:
    figure: dict[Unit, Callable[[float, int], float]] = {
        "seconds": lambda seconds, peak: seconds,
        "bytes": lambda seconds, peak: float(peak),
    }

    def run() -> float:
        arguments = list(contender.arguments(bench.workshop))
        with tempfile.TemporaryFile() as errors:
            begun = time.perf_counter()
            process = processes.start(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd=bench.workshop.folder,
                env=dict(bench.environment),
            )
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                processes.kill(process)
                raise
            seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            processes.over(process)
            if process.returncode:
                errors.seek(0)
                sys.stderr.write(errors.read().decode(errors="replace"))
                raise Fault(f"exit code {process.returncode} of {shlex.join(arguments)}", code=1)
        return figure[unit](seconds, usage.ru_maxrss * KILO)

    return run
