"""Stand-ins for the calls of the system, of which any may fail, and ways of writing a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nettrain.errors import EnvironmentFault
from nettrain.files import system, whole
from nettrain.files.whole import Draft

CALLS = (
    "open_file", "write", "write_at", "sync", "truncate", "size", "names", "close", "replace", "remove", "make",
    "flock",
)  # fmt: skip

ERRORS = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EIO: "the disk reports an input/output error; check the disk",
    errno.EDQUOT: "the disk quota is used up; free some space and try again",
    errno.EROFS: "the file system is read-only; choose a folder that can be written",
    errno.EACCES: "permission denied; choose a folder that this user may use",
    errno.EMFILE: "this process has too many open files; raise the limit (ulimit -n)",
}


class Faults:
    """Stands in for every call of the system: the ``at``-th fails, once or from then on; the others are real."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, number: int, *, for_good: bool = False) -> None:
        self.at, self.number, self.for_good = at, number, for_good
        self.names: list[str] = []
        for name in CALLS:
            patch.setattr(system, name, self.wrap(name, getattr(system, name)))

    @property
    def reached(self) -> bool:
        return len(self.names) > self.at

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stand_in(*args: Any) -> Any:
            here = len(self.names)
            self.names.append(name)
            if here == self.at or (self.for_good and here > self.at):
                if name == "close":
                    call(*args)  # the system lets go of the file even when close fails
                raise OSError(self.number, os.strerror(self.number))
            return call(*args)

        return stand_in


def each_failure(number: int, *, for_good: bool) -> Iterator[Faults]:
    """Fails the first call, the second, ... until the action makes no more calls than that."""
    for at in range(100):
        with pytest.MonkeyPatch.context() as patch:
            faults = Faults(patch, at, number, for_good=for_good)
            yield faults
            if not faults.reached:
                return
    raise AssertionError("the action never came to an end")


def open_descriptors() -> set[str]:
    return set(os.listdir("/dev/fd"))


def save(folder: Path) -> None:
    whole.write_atomic(folder / "file", b"new" * 1000)


def save_pieces(folder: Path) -> None:
    whole.write_atomic(folder / "file", iter([b"new" * 500, b"", memoryview(b"new" * 500)]))


def save_at_places(folder: Path) -> None:
    with Draft(folder / "file", held=True) as draft:
        draft.write_at(b"new" * 500, 1500)
        draft.write_at(b"new" * 500, 0)
        draft.keep()


def refusal(action: Callable[[Path], object], folder: Path) -> EnvironmentFault | None:
    """The fault that an action ends with, if it does."""
    try:
        action(folder)
    except EnvironmentFault as error:
        return error
    return None
