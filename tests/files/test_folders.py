"""Folders made and emptied."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from nettrain.errors import EnvironmentFault
from nettrain.files import system
from nettrain.files.folders import make_folder, prune


def test_a_folder_is_made_once_with_those_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_folder(tmp_path / "a/b/")
    assert not make_folder(tmp_path / "a/b")
    monkeypatch.chdir(tmp_path)
    assert make_folder("c")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "c"]


def test_another_process_may_be_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(path: str) -> None:
        os.mkdir(path)
        raise FileExistsError(errno.EEXIST, "there")

    monkeypatch.setattr(system, "make", late)
    assert not make_folder(tmp_path / "a")


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(EnvironmentFault) as caught:
        make_folder(tmp_path / "a/b")
    message = "cannot make the folder: is there already, and is not a folder; choose another name"
    assert str(caught.value) == f"{tmp_path}/a: {message}"


def test_prune_removes_and_does_not_mind_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    prune([tmp_path / "gone", tmp_path / "a"])
    assert os.listdir(tmp_path) == []
    (tmp_path / "a").mkdir()
    with pytest.raises(EnvironmentFault, match=r"/a: cannot remove: "):
        prune([tmp_path / "a"])
