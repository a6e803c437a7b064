"""Our own threads: a loop over pieces, cut by shape alone, that any number of threads may share.

BLAS is held to one thread; the parallelism is between pieces. Which thread takes which piece is left to chance, and
must not matter: a piece writes only its own part of the output, and sums go through lanes (see ``pieces``).
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from mmap import mmap
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, local
from typing import ParamSpec, TypeVar

import numpy as np

from nettrain.arrays import interrupt
from nettrain.arrays.blas import hold_worker_to_one_thread

P = ParamSpec("P")
T = TypeVar("T")

ROOM_FOR_A_THREAD = 1 << 22  # bytes beside its stack: an arena of Python's and an arena of the C library's

SWITCH_SECONDS = 1e-6  # after which a thread asks for the interpreter; at Python's 5 ms convolutions are 5 % slower
LITTLE_NANOSECONDS = 150_000  # work that is done by the time another thread would have woken up twice

_here = local()


@contextmanager
def room_for_a_thread() -> Iterator[None]:
    """Start one thread in here.

    Errors   ``MemoryError`` where the system has no room for it.
    Notes    Python waits for ever for a thread that ran out of memory before its first line, so there must be room.
    """
    try:
        mmap(-1, ROOM_FOR_A_THREAD).close()  # address space, as a thread takes it: free heap would not do
        yield
    except (OSError, MemoryError) as error:
        raise MemoryError("no room for another thread") from error
    except RuntimeError as error:
        if "can't start new thread" not in str(error):
            raise
        raise MemoryError("no room for another thread") from error


class Workers(ThreadPoolExecutor):
    """Threads of our own, for work that is handed over and waited for.

    Errors   ``MemoryError`` where the system has no room for another one.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if len(self._threads) >= self._max_workers:
            return super().submit(fn, *args, **kwargs)
        with room_for_a_thread():
            return super().submit(fn, *args, **kwargs)


Ends = SimpleQueue[BaseException | None]  # what each helper says at the end of a loop: nothing, or what went wrong


class _Helper(Thread):
    """A thread that runs loops beside the one that began them; a queue wakes it several times faster than a pool."""

    def __init__(self, number: int) -> None:
        super().__init__(name=f"nettrain-{number}", daemon=True)
        self.work: SimpleQueue[tuple[Callable[[], None], Ends] | None] = SimpleQueue()
        with room_for_a_thread():
            self.start()

    def run(self) -> None:
        hold_worker_to_one_thread()
        while (job := self.work.get()) is not None:
            drain, done = job
            failure: BaseException | None = None
            try:
                drain()
            except BaseException as error:  # such as no memory for a loop's own bookkeeping: carried to the caller
                failure = error
            done.put(failure)
            del job, drain, done, failure


class _Pool:
    """The process's threads: ``threads`` counts the caller too; helpers are started when they are first needed."""

    def __init__(self) -> None:
        self.threads = 1
        self.helpers: list[_Helper] = []
        self._switch_seconds = sys.getswitchinterval()

    def some(self, count: int) -> list[_Helper]:
        """So many helpers.  Errors: ``MemoryError``."""
        if not self.helpers:
            self._switch_seconds = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_SECONDS)
        while len(self.helpers) < count:
            self.helpers.append(_Helper(len(self.helpers) + 1))
        return self.helpers[:count]

    def dismiss(self) -> None:
        """Let every helper end, and wait until it has; the interpreter is as it was before there were any."""
        if self.helpers:
            sys.setswitchinterval(self._switch_seconds)
        for helper in self.helpers:
            helper.work.put(None)
        for helper in self.helpers:
            helper.join()
        self.helpers = []


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _pool.helpers.clear())  # a child has none of its parent's threads


def available_cores() -> int:
    """Cores this process may use: affinity and the cgroup quota respected."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(cores, quota) if quota else cores)


def _cgroup_quota() -> int | None:
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None  # no cgroup v2 here: affinity alone decides
    return None if limit == "max" else max(1, int(limit) // int(period))


def set_threads(threads: int) -> None:
    """Use this many threads from now on, the caller's included."""
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    _pool.dismiss()
    _pool.threads = threads


@contextmanager
def as_guest() -> Iterator[None]:
    """Inside, Python switches between threads as ours want it; afterwards as the program around us does."""
    seconds = sys.getswitchinterval()
    if _pool.helpers:
        sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(seconds)


def get_threads() -> int:
    """The number of threads in use, the caller's included."""
    return _pool.threads


def parallel(
    tasks: int, run: Callable[[int], None], *, interruptible: bool = True, nanoseconds: float = math.inf
) -> None:
    """Call ``run(i)`` once for every i in 0 .. tasks - 1, on all threads.

    ``nanoseconds`` is about how long all of it takes one thread; a little work is done here, without a hand-over.

    Errors   what a task raises, the lowest task first; ``Interrupted`` between two tasks where a stop was asked for.
    Notes    ``interruptible=False`` is for work that must not stop half done, such as a commit.
    """
    helpers = 0 if nanoseconds < LITTLE_NANOSECONDS else min(_pool.threads, tasks) - 1
    if helpers < 1 or getattr(_here, "inside", False):
        with np.errstate(all="ignore"):
            for task in range(tasks):
                if interruptible:
                    interrupt.check()
                run(task)
    else:
        _together(tasks, run, helpers, interruptible)


def _together(tasks: int, run: Callable[[int], None], helpers: int, interruptible: bool) -> None:
    indices = count()
    failures: list[tuple[int, BaseException]] = []

    def drain() -> None:
        _here.inside = True
        try:
            with np.errstate(all="ignore"):  # what is not finite is found by looking, not by a warning in some thread
                for task in indices:
                    if task >= tasks or any(failed < task for failed, _ in failures):
                        return
                    try:
                        if interruptible:
                            interrupt.check()
                        run(task)
                    except BaseException as error:  # carried to the caller, whole
                        failures.append((task, error))
                        return
        finally:
            _here.inside = False

    done: Ends = SimpleQueue()
    threads = _pool.some(helpers)
    for helper in threads:
        helper.work.put((drain, done))
    try:
        drain()
    finally:
        ends = [done.get() for _ in threads]
    failures += [(-1, failure) for failure in ends if failure is not None]
    if failures:
        try:
            raise min(failures, key=lambda failure: failure[0])[1]
        finally:
            failures.clear()  # an exception whose traceback leads to itself would wait for the garbage collector
            ends.clear()
