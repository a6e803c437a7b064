"""Files that are read and removed at once by several processes."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest
from files.failing import save

from nettrain.errors import EnvironmentFault
from nettrain.files import system
from nettrain.files.shared import mark_used, open_shared, remove_unused
from nettrain.files.whole import Draft


def test_a_share_keeps_a_file_that_is_read_or_in_the_making(tmp_path: Path) -> None:
    with Draft(tmp_path / "file", held=True) as draft:
        draft.append(b"new")
        (temporary,) = tmp_path.iterdir()
        assert not remove_unused(temporary)
        draft.keep()
    first, second = open_shared(tmp_path / "file"), open_shared(tmp_path / "file")
    assert first is not None
    assert second is not None
    for handle in (first, second):
        assert not remove_unused(tmp_path / "file")
        assert os.pread(handle, 9, 0) == b"new"
        os.close(handle)
    assert remove_unused(tmp_path / "file")
    assert os.listdir(tmp_path) == []
    assert remove_unused(tmp_path / "file")  # gone is as good
    assert open_shared(tmp_path / "file") is None


def test_a_second_descriptor_keeps_the_share_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    handle = open_shared(tmp_path / "file")
    assert handle is not None
    second = os.dup(handle)
    os.close(handle)
    assert not remove_unused(tmp_path / "file")
    assert os.pread(second, 4, 3) == b"3456"
    os.close(second)
    assert remove_unused(tmp_path / "file")


def test_only_a_plain_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, what in (("folder", "is a folder"), ("pipe", "is a device or pipe")):
        with pytest.raises(EnvironmentFault) as caught:
            open_shared(tmp_path / name)
        assert str(caught.value) == f"{tmp_path}/{name}: cannot read: {what}; expected the name of a plain file"


def test_a_file_that_is_being_removed_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with open(tmp_path / "file", "rb") as remover:
        fcntl.flock(remover, fcntl.LOCK_EX)
        assert open_shared(tmp_path / "file") is None


def test_a_file_that_is_replaced_while_it_is_opened_is_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    real = system.flock

    def late(handle: int, how: int) -> None:
        monkeypatch.setattr(system, "flock", real)
        save(tmp_path)
        real(handle, how)

    monkeypatch.setattr(system, "flock", late)
    handle = open_shared(tmp_path / "file")
    assert handle is not None
    assert os.pread(handle, 3, 0) == b"new"
    os.close(handle)
    monkeypatch.setattr(system, "flock", late)
    assert not remove_unused(tmp_path / "file")  # the new one may have a user
    assert (tmp_path / "file").exists()


def test_a_use_is_marked_and_where_that_is_not_granted_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    os.utime(tmp_path / "file", (1, 1))
    with open(tmp_path / "file", "rb") as file:
        mark_used(file.fileno())
        assert (tmp_path / "file").stat().st_mtime > 1

        def refused(handle: int) -> None:
            raise OSError(errno.EROFS, "read-only")

        monkeypatch.setattr(system, "touch", refused)
        mark_used(file.fileno())
