"""Whole files: whole or not at all, whatever call fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from files.failing import ERRORS, Faults, each_failure, open_descriptors, refusal, save, save_at_places, save_pieces

from nettrain.errors import EnvironmentFault
from nettrain.files import system, whole
from nettrain.files.growing import Log
from nettrain.files.whole import Draft, is_temporary


@pytest.mark.parametrize("action", [save, save_pieces, save_at_places])
@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("number", ERRORS)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, action: Callable[[Path], None], number: int, for_good: bool
) -> None:
    descriptors = open_descriptors()
    for at, faults in enumerate(each_failure(number, for_good=for_good)):
        folder = tmp_path / str(at)
        folder.mkdir()
        (folder / "file").write_bytes(b"old")
        error = refusal(action, folder)
        if error:
            doing = "lock" if {"flock", "names"} & {*faults.names[at : at + 1]} else "write"
            assert error.lines() == [f"nettrain: error: {folder}/file: cannot {doing}: {ERRORS[number]}"]
        else:
            assert faults.names[at:] in ([], ["close"])  # the folder's, when all is done
        replaced = "replace" in faults.names[:at]
        assert (folder / "file").read_bytes() == (b"new" * 1000 if replaced else b"old")
        rest = set(os.listdir(folder)) - {"file"}
        assert all(map(is_temporary, rest))
        assert not rest or (for_good and "remove" in faults.names)  # only if not even that was granted
    assert open_descriptors() == descriptors


def test_the_order_of_calls_is_the_safe_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(monkeypatch, 99, errno.EIO)
    save(tmp_path)
    assert faults.names == ["open_file", "open_file", "write", "sync", "close", "replace", "sync", "close"]


def test_a_failed_sync_is_never_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(monkeypatch, 3, errno.EIO)
    with pytest.raises(EnvironmentFault):
        save(tmp_path)
    assert faults.names == ["open_file", "open_file", "write", "sync", "close", "remove", "close"]


@pytest.mark.parametrize("action", [save, save_pieces, save_at_places])
def test_an_interrupted_call_is_made_again(tmp_path: Path, action: Callable[[Path], None]) -> None:
    for faults in each_failure(errno.EINTR, for_good=False):
        action(tmp_path)
        assert (tmp_path / "file").read_bytes() == b"new" * 1000
        assert os.listdir(tmp_path) == ["file"], faults.names


def test_interruptions_without_end_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Faults(monkeypatch, 2, errno.EINTR, for_good=True)
    with pytest.raises(EnvironmentFault) as caught:
        save(tmp_path)
    assert str(caught.value) == f"{tmp_path}/file: cannot write: interrupted again and again; try again"


@pytest.mark.parametrize("taken", [1, 7, 4096])
def test_short_writes_go_on_until_all_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    real = system.write
    monkeypatch.setattr(system, "write", lambda handle, data: real(handle, data[:taken]))
    save(tmp_path)
    with Log(tmp_path / "log") as log:
        log.append("grün\n" * 100)
        assert log.size == 600
    assert (tmp_path / "file").read_bytes() == b"new" * 1000
    assert (tmp_path / "log").read_text() == "grün\n" * 100


def test_a_write_that_takes_nothing_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "write", lambda handle, data: 0)
    with pytest.raises(EnvironmentFault, match="cannot write: the disk reports an input/output error"):
        save(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_fault_of_the_pieces_is_passed_on(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        whole.write_atomic(tmp_path / "file", pieces())
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "a\nb", "-rf"])
def test_any_name_the_system_takes_will_do(tmp_path: Path, name: str) -> None:
    whole.write_atomic(tmp_path / name, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, b"new")]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("there/real")
    whole.write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there/real").read_bytes() == b"new"


def test_the_mode_of_a_file_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        whole.write_atomic(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


WRITES = {
    "folder": ("", "cannot write: is a folder; expected the name of a plain file"),
    "pipe": ("pipe", "cannot write: is a device or pipe; expected the name of a plain file"),
    "absent": ("no/file", "cannot write: no such file or folder; is the path right?"),
    "below a file": (
        "plain/file",
        "cannot write: a part of the path is not a folder; expected folders down to the last name",
    ),
    "long": ("x" * 256, "cannot write: the name is too long; choose a shorter one"),
}


@pytest.mark.parametrize(("name", "message"), WRITES.values(), ids=WRITES)
def test_what_cannot_be_written_says_why(tmp_path: Path, name: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "plain").write_bytes(b"old")
    with pytest.raises(EnvironmentFault) as caught:
        whole.write_atomic(tmp_path / name, b"new")
    assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        whole.write_atomic("/dev/null", b"new")
    assert str(caught.value) == "/dev/null: cannot write: is a device or pipe; expected the name of a plain file"


def test_a_file_system_that_cannot_sync_folders_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Faults(monkeypatch, 6, errno.EINVAL)
    save(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"new" * 1000


def test_what_is_not_kept_is_not_there(tmp_path: Path) -> None:
    with Draft(tmp_path / "file") as draft:
        draft.append(b"new")
        assert all(map(is_temporary, os.listdir(tmp_path)))
    assert os.listdir(tmp_path) == []


def test_a_draft_that_was_taken_for_a_leftover_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = system.flock

    def late(handle: int, how: int) -> None:
        monkeypatch.setattr(system, "flock", real)
        for path in tmp_path.iterdir():
            path.unlink()
        real(handle, how)

    monkeypatch.setattr(system, "flock", late)
    save_at_places(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"new" * 1000
    assert os.listdir(tmp_path) == ["file"]
