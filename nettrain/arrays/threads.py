"""Our own threads: a loop over pieces, cut by shape alone, that any number of threads may share.

BLAS is held to one thread; the parallelism is between pieces. Which thread takes which piece is left to chance, and
must not matter: a piece writes only its own part of the output, and sums go through lanes (see ``pieces``).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from mmap import mmap
from pathlib import Path
from threading import local
from typing import ParamSpec, TypeVar

import numpy as np

from nettrain.arrays import interrupt
from nettrain.arrays.blas import hold_worker_to_one_thread

P = ParamSpec("P")
T = TypeVar("T")

ROOM_FOR_A_THREAD = 1 << 22  # bytes beside its stack: an arena of Python's and an arena of the C library's

LITTLE_NANOSECONDS = 100_000  # work that is done by the time another thread would have woken up twice

_here = local()


class Workers(ThreadPoolExecutor):
    """Threads of our own.

    Errors   ``MemoryError`` where the system has no room for another one.
    Notes    Python waits for ever for a thread that ran out of memory before its first line, so there must be room.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        try:
            if len(self._threads) < self._max_workers:
                mmap(-1, ROOM_FOR_A_THREAD).close()  # address space, as a thread takes it: free heap would not do
            return super().submit(fn, *args, **kwargs)
        except (OSError, MemoryError) as error:
            raise MemoryError("no room for another thread") from error
        except RuntimeError as error:
            if "can't start new thread" not in str(error):
                raise
            raise MemoryError("no room for another thread") from error


class _Pool:
    """The process's worker threads: ``threads`` counts the caller too."""

    def __init__(self) -> None:
        self.threads = 1
        self.executor: Workers | None = None


_pool = _Pool()


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
    if _pool.executor is not None:
        _pool.executor.shutdown()
    _pool.threads = threads
    _pool.executor = None
    if threads > 1:
        _pool.executor = Workers(threads - 1, "nettrain", initializer=hold_worker_to_one_thread)


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
    indices = count()
    failures: list[tuple[int, BaseException]] = []

    def drain() -> None:
        inside = getattr(_here, "inside", False)
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
            _here.inside = inside

    helpers = 0 if nanoseconds < LITTLE_NANOSECONDS else min(_pool.threads, tasks) - 1
    alone = _pool.executor is None or helpers < 1 or getattr(_here, "inside", False)
    futures: list[Future[None]] = []
    try:
        if not alone and _pool.executor is not None:
            futures += (_pool.executor.submit(drain) for _ in range(helpers))
    except MemoryError as error:
        failures.append((-1, error))  # those that run already stop at their next task
    drain()
    for future in futures:
        future.result()
    if failures:
        try:
            raise min(failures, key=lambda failure: failure[0])[1]
        finally:
            failures.clear()  # an exception whose traceback leads to itself would wait for the garbage collector
