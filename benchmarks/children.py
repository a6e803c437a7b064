"""The processes of the sides, as the rig sees them: started when first asked, kept until the end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any

from benchmarks import processes
from benchmarks.faults import Fault
from benchmarks.plan import Job, counted
from benchmarks.processes import ROOT
from benchmarks.sides import SIDES, installed, require


class ChildFailed(Fault):
    """A side's process ended in the middle of its work; its own traceback is on stderr."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=1)


class Child:
    """One side on a number of threads."""

    def __init__(self, side: str, threads: int, environment: Mapping[str, str]) -> None:
        self.side, self.threads = side, threads
        self.process = processes.start(
            [sys.executable, "-m", "benchmarks.child", side, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=dict(environment),
        )

    def ask(self, do: str, job: Job | None = None, **request: Any) -> dict[str, Any]:
        """The answer to a request. Errors: ``ChildFailed`` if the process ends instead."""
        if self.process.stdin is None or self.process.stdout is None:
            raise ChildFailed("the process has no pipes")
        request |= {"do": do} | (asdict(job) if job else {})
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            case = f" at {job.group}/{job.case}" if job else ""
            raise ChildFailed(
                f"{self.side} on {counted(self.threads, 'thread')} ended with {self.process.wait()}{case}: {do}"
            )
        answered: dict[str, Any] = json.loads(answer)
        return answered

    def close(self) -> None:
        """End it: its input ends."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            with suppress(BrokenPipeError):  # it has ended already
                self.process.stdin.close()
        self.process.wait()
        processes.over(self.process)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def kill(self) -> None:
        """End it, whatever it is at."""
        processes.kill(self.process)
        self.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.kill()


class Children:
    """All that are kept, by side and threads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._kept: dict[tuple[str, int], Child] = {}

    def kept(self, side: str, threads: int) -> Child:
        """The process of a side, started if there is none yet. Errors: ``Missing`` if its package is."""
        if (side, threads) not in self._kept:
            self._kept[side, threads] = self.fresh(side, threads)
        return self._kept[side, threads]

    def fresh(self, side: str, threads: int) -> Child:
        """A process of its own, which the caller closes. Errors: as for ``kept``."""
        require(SIDES[side].package)
        return Child(side, threads, self.environment)

    def drop(self) -> None:
        """Every process lets go of what it has prepared."""
        for child in self._kept.values():
            child.ask("drop")

    def facts(self) -> dict[str, dict[str, Any]]:
        """What each side that is installed says of itself."""
        return {side: self.kept(side, 1).ask("facts") for side in SIDES if installed(SIDES[side].package)}

    def close(self) -> None:
        for child in self._kept.values():
            child.close()
        self._kept.clear()

    def kill(self) -> None:
        for child in self._kept.values():
            child.kill()
        self._kept.clear()

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.kill()
