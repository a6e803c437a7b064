"""The loop over pieces: every task once, faults in order, interrupts between tasks, loops inside loops."""

from __future__ import annotations

import gc
import os
import sys
import threading
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from nettrain.arrays import interrupt
from nettrain.arrays.threads import Workers, available_cores, get_threads, parallel, set_threads

each_count = pytest.mark.parametrize("count", [1, 2, 3, 8])
SIGNAL = 15


@pytest.fixture(autouse=True)
def no_interrupt() -> Iterator[None]:
    yield
    interrupt.clear()


@each_count
@pytest.mark.parametrize("tasks", [0, 1, 2, 7, 500])
def test_every_task_runs_once(count: int, tasks: int, threads: Callable[[int], None]) -> None:
    threads(count)
    done: list[int] = []
    parallel(tasks, done.append)
    assert Counter(done) == Counter(range(tasks))


@pytest.mark.parametrize("count", [2, 3])
def test_all_threads_take_part(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    together = threading.Barrier(count, timeout=30)
    parallel(count, lambda task: together.wait() and None)
    assert get_threads() == count


@each_count
def test_the_fault_of_the_lowest_task_is_raised(count: int, threads: Callable[[int], None]) -> None:
    threads(count)

    def fail(task: int) -> None:
        if task >= 5:
            raise ValueError(f"task {task}")

    for _ in range(20):
        with pytest.raises(ValueError, match=r"^task 5$"):
            parallel(50, fail)


def test_a_lower_task_that_fails_later_still_comes_first(threads: Callable[[int], None]) -> None:
    threads(2)
    failed = threading.Event()

    def fail(task: int) -> None:
        if task == 0:
            failed.wait(30)
        else:
            failed.set()
        raise ValueError(f"task {task}")

    with pytest.raises(ValueError, match=r"^task 0$"):
        parallel(2, fail)


@each_count
def test_after_a_fault_no_further_task_starts(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    started: list[int] = []

    def fail(task: int) -> None:
        started.append(task)
        raise KeyError(task)

    with pytest.raises(KeyError):
        parallel(1000, fail)
    assert len(started) <= count
    done: list[int] = []
    parallel(10, done.append)  # and the threads are as good as before
    assert sorted(done) == list(range(10))


@each_count
def test_a_fault_leaves_no_garbage(count: int, threads: Callable[[int], None]) -> None:
    threads(count)

    class Fault(Exception):
        pass

    def fail(task: int) -> None:
        raise Fault

    gc.collect()
    gc.disable()
    try:
        with pytest.raises(Fault) as raised:
            parallel(1, fail)
        reference = weakref.ref(raised.value)
        del raised
        assert reference() is None
    finally:
        gc.enable()


@each_count
def test_an_interrupt_stops_between_two_tasks(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    done: list[int] = []
    requested = threading.Event()

    def work(task: int) -> None:
        if task == 3:
            interrupt.request(SIGNAL)
            requested.set()
        elif task > 3:
            requested.wait(30)
        done.append(task)

    with pytest.raises(interrupt.Interrupted) as stopped:
        parallel(1000, work)
    assert stopped.value.signal_number == SIGNAL
    assert 3 in done  # the task that was running is whole
    assert len(done) <= 3 + count


@each_count
def test_work_that_must_not_stop_does_not(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    interrupt.request(SIGNAL)
    done: list[int] = []
    parallel(100, done.append, interruptible=False)
    assert sorted(done) == list(range(100))
    with pytest.raises(interrupt.Interrupted):
        interrupt.check()
    interrupt.clear()
    interrupt.check()


def test_an_interrupt_is_no_ordinary_error() -> None:
    assert not issubclass(interrupt.Interrupted, Exception)


@each_count
def test_a_loop_inside_a_task_runs_in_that_task(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    places: list[tuple[int, int, bool]] = []

    def outer(task: int) -> None:
        here = threading.get_ident()
        parallel(5, lambda inner: places.append((task, inner, threading.get_ident() == here)))

    parallel(8, outer)
    assert sorted(places) == [(task, inner, True) for task in range(8) for inner in range(5)]


@each_count
def test_no_thread_warns_of_numbers(count: int, threads: Callable[[int], None]) -> None:
    threads(count)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel(8, lambda task: np.zeros(3) / np.zeros(3) and None if task < 0 else np.log(np.zeros(3)).sum() * 0)


@pytest.mark.parametrize("count", [0, -1])
def test_at_least_one_thread(count: int) -> None:
    with pytest.raises(ValueError, match=rf"^threads must be at least 1, got {count}$"):
        set_threads(count)


def test_available_cores() -> None:
    assert available_cores() >= 1


def test_no_room_for_another_thread_is_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = Workers(1, "refused")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(MemoryError, match="no room for another thread"):
        pool.submit(int)
    monkeypatch.undo()
    pool.shutdown(wait=False)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        pool.submit(int)


def test_no_task_runs_where_a_thread_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for the first helper and none for the second: nothing has begun when the error is raised."""
    set_threads(3)
    start = threading.Thread.start
    started: list[threading.Thread] = []
    ran: list[int] = []

    def second_fails(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", second_fails)
    try:
        with pytest.raises(MemoryError, match="no room for another thread"):
            parallel(100, ran.append)
        assert ran == []
        monkeypatch.undo()
        parallel(100, ran.append)
        assert sorted(ran) == list(range(100))
    finally:
        monkeypatch.undo()
        set_threads(1)


def test_a_little_work_is_done_here(threads: Callable[[int], None]) -> None:
    threads(3)
    here: set[int] = set()
    parallel(50, lambda task: here.add(threading.get_ident()), nanoseconds=1000)
    assert here == {threading.get_ident()}


def test_a_helper_that_fails_in_its_own_bookkeeping_tells_the_caller(
    monkeypatch: pytest.MonkeyPatch, threads: Callable[[int], None]
) -> None:
    """No memory left for what surrounds the tasks: the caller must not wait for ever."""
    threads(2)
    caller, errstate = threading.get_ident(), np.errstate

    def full(**settings: str) -> np.errstate:
        if threading.get_ident() != caller:
            raise MemoryError("no room in the helper")
        return errstate(**settings)

    monkeypatch.setattr(np, "errstate", full)
    with pytest.raises(MemoryError, match="no room in the helper"):
        parallel(100, lambda task: None)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_starts_helpers_of_its_own(threads: Callable[[int], None]) -> None:
    threads(2)
    parallel(10, lambda task: None)
    if (child := os.fork()) == 0:
        done: list[int] = []
        parallel(10, done.append)
        os._exit(0 if sorted(done) == list(range(10)) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_interpreter_is_as_it_was_when_the_helpers_are_gone() -> None:
    before = sys.getswitchinterval()
    set_threads(2)
    try:
        parallel(10, lambda task: None)
        assert sys.getswitchinterval() < before
    finally:
        set_threads(1)
    assert sys.getswitchinterval() == before
