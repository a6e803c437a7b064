"""What holds for every test: BLAS keeps to one thread, as under the command line, and what a test sets is put back."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from nettrain.arrays.blas import ask_for_one_thread

if TYPE_CHECKING:
    from commands import Ended

ask_for_one_thread()  # before anything loads NumPy
for name in [name for name in os.environ if name.startswith("NETTRAIN_")]:
    del os.environ[name]  # what a person set for a run of their own is not for the tests
for number in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(number) is signal.SIG_IGN:  # under nohup, say: a fit would inherit it, and rightly go on
        signal.signal(number, signal.SIG_DFL)

settings.register_profile("nettrain", deadline=None)  # how long an example takes is not what is tested
settings.load_profile("nettrain")


def pytest_collection_finish() -> None:
    """What was collected stays: no search for garbage needs to walk through it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    return (yield from only_reading())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    return (yield from only_reading())


def only_reading() -> Generator[None, object, object]:
    """It is an error if what runs here, or a process that it starts, changes what it reads as data."""
    from data_guard import found_by_processes, guard_processes, guarded

    guard_processes()
    told: list[str] = []
    with guarded(states=False) as changed:
        try:
            result = yield
        finally:
            told += found_by_processes()
    assert changed + told == [], "data was changed"
    return result


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded pictures that a test keeps lie in a folder of the tests: a user's own cache is not theirs to fill."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETTRAIN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """A function that sets the number of threads, for this test only."""
    from nettrain.arrays.threads import get_threads, set_threads

    before = get_threads()
    yield set_threads
    set_threads(before)


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], threads: Callable[[int], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Ended]]:
    """A function that runs a command in this process: for what does not hang on the process.

    It is an error if the command opens a connection, starts a program, writes outside the folders of the tests, or
    changes what it reads as data.
    """
    from audit import heard
    from commands import Ended
    from data_guard import guarded

    from nettrain.cli.main import run

    def called(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        with heard([tmp_path_factory.getbasetemp()]) as against, guarded(states=True) as changed:
            code = run([str(argument) for argument in arguments])
        assert against == []
        assert changed == []
        return Ended(code, *capsys.readouterr())

    before = signal.getsignal(signal.SIGPIPE)
    yield called
    signal.signal(signal.SIGPIPE, before)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder of pictures: digits, 16 of each to train on and 5 to test. Nobody may write there."""
    from commands import pictures

    return pictures(tmp_path_factory.mktemp("small"), 16, 5)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Path:
    """A finished run of a small convolutional network on ``small``; copy it to write there."""
    from commands import CNN, process, written

    folder = tmp_path_factory.mktemp("finished")
    config = written(folder, "cnn.yaml", CNN.format(data=small))
    ended = process("fit", config, "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder / "run"
