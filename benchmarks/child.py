"""A process that one side runs in, kept alive: it answers requests, a line of JSON each, until its input ends.

    python -m benchmarks.child SIDE THREADS

While it waits for the next line it is idle, so that its threads and its libraries disturb nobody's round.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.plan import Job
from benchmarks.sides import SIDES, Prepared

STATUS = Path("/proc/self/status")
LOOK = 0.01  # seconds between two looks at what this process has used
QUIET = 0.1  # of a core: less than that, and nobody spins


class Server:
    """The requests, each a method; what it has prepared is kept by its job."""

    def __init__(self, side: str, threads: int) -> None:
        self.side, self.prepared = SIDES[side], dict[Job, Prepared]()
        self.process = import_module(self.side.module)
        self.process.begin(threads)

    def facts(self) -> dict[str, Any]:
        """Versions and kernels."""
        facts: dict[str, Any] = self.process.facts()
        return facts

    def peak(self) -> dict[str, Any]:
        """The most GFLOP/s that this side reaches in products of matrices."""
        return {"gflops": import_module(self.side.products).gflops()}

    def load(self, **job: Any) -> dict[str, Any]:
        """Import what a job needs, and prepare nothing."""
        import_module(self.side.groups[job["group"]])
        return {}

    def prepare(self, **job: Any) -> dict[str, Any]:
        """Make a job ready to be called."""
        made = import_module(self.side.groups[job["group"]]).prepare(Job(**job))
        self.prepared[Job(**job)] = made
        return {"flops": made.flops, "images": made.images}

    def round(self, calls: int, **job: Any) -> dict[str, Any]:
        """Seconds a call, over so many calls."""
        call = self.prepared[Job(**job)].call
        begun = time.perf_counter()
        for _ in range(calls):
            call()
        seconds = (time.perf_counter() - begun) / calls
        settle()
        return {"seconds": seconds}

    def drop(self) -> dict[str, Any]:
        """Let go of everything prepared."""
        self.prepared.clear()
        return {}

    def memory(self) -> dict[str, Any]:
        """Bytes of this process that are in memory: now, and at most so far (Linux)."""
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return {name: int(lines[key].split()[0]) * 1024 for name, key in (("now", "VmRSS"), ("most", "VmHWM"))}


def settle() -> None:
    """Wait until no thread of this process spins any more: the next contender is to have the cores for itself.

    Notes   OpenBLAS and OpenMP let their threads look out for more work for a while, up to some tenths of a second.
    """
    used = time.process_time()
    while True:
        time.sleep(LOOK)
        if (now := time.process_time()) - used < QUIET * LOOK:
            return
        used = now


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    server = Server(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(server, request.pop("do"))(**request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
