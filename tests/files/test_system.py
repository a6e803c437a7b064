"""Every call of the system that fails is one line with the path, in words."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from files.failing import ERRORS, each_failure, open_descriptors, refusal

from nettrain.files.causes import cause
from nettrain.files.folders import make_folder, prune
from nettrain.files.growing import Log
from nettrain.files.lock import Lock
from nettrain.files.shared import open_shared, remove_unused

ACTIONS: dict[str, Callable[[Path], object]] = {
    "folder": lambda folder: make_folder(folder / "a/b"),
    "log": lambda folder: log_twice(folder / "log"),
    "lock": lambda folder: Lock(folder).release(),
    "prune": lambda folder: prune([folder / "old"]),
    "share": lambda folder: share(folder / "old"),
    "remove unused": lambda folder: remove_unused(folder / "old"),
}


def share(path: Path) -> None:
    path.write_bytes(b"")
    if (handle := open_shared(path)) is not None:
        os.close(handle)


def log_twice(path: Path) -> None:
    with Log(path, 0) as log:
        log.append("one\n")
        log.sync()
        log.append("two\n")
        log.truncate(4)


@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_every_call_that_fails_is_one_line(tmp_path: Path, action: Callable[[Path], object], number: int) -> None:
    descriptors = open_descriptors()
    for at, faults in enumerate(each_failure(number, for_good=False)):
        folder = tmp_path / str(at)
        folder.mkdir()
        (folder / "old").write_bytes(b"")
        if error := refusal(action, folder):
            (line,) = error.lines()
            assert line.startswith(f"nettrain: error: {folder}")
            assert line.endswith(ERRORS[number])
        else:
            tidying = {"close", "truncate"} if action is ACTIONS["lock"] else {"close"}
            assert tidying.issuperset(faults.names[at : at + 1])
    assert open_descriptors() == descriptors


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_every_interrupted_call_succeeds(tmp_path: Path, action: Callable[[Path], object]) -> None:
    for at, _ in enumerate(each_failure(errno.EINTR, for_good=False)):
        folder = tmp_path / str(at)
        folder.mkdir()
        action(folder)


def test_an_error_without_a_row_still_has_words() -> None:
    text = cause(OSError(errno.EXDEV, "x"))
    assert text == f"{os.strerror(errno.EXDEV)} (error {errno.EXDEV}); expected the system to allow it"
