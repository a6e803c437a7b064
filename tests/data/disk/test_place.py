"""Where the disk cache lies: what stands in the way there, room, and never among the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data.disk.cached import GREY, entry, facts, split_of, through_disk
from data.samples import folder, refuse

from nettrain.data import cache_room, disk
from nettrain.data.cache import decode
from nettrain.data.cache_folder import entry_paths
from nettrain.data.entry import describe
from nettrain.data.reader import on_disk
from nettrain.errors import EnvironmentFault
from nettrain.files import system

IN_THE_WAY = {
    "a folder": (os.mkdir, "is a folder; remove it, or set NETTRAIN_CACHE to another folder"),
    "a pipe": (os.mkfifo, "is a device or pipe; remove it, or set NETTRAIN_CACHE to another folder"),
}


@pytest.mark.parametrize(("make", "said"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_no_file_in_the_place_of_an_entry_is_one_line(
    root: Path, kept: Path, make: Callable[[str], None], said: str
) -> None:
    path = disk.entry_path(on_disk(root), GREY)
    kept.mkdir()
    make(path)
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    assert str(caught.value) == f"{path}: cannot read: {said}"


def test_an_entry_of_somebody_else_names_the_variable_that_leads_elsewhere(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through_disk(root)
    refuse(monkeypatch, entry(kept))
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    cure = "set NETTRAIN_CACHE to a folder of your own"
    assert str(caught.value) == f"{entry(kept)}: cannot read: permission denied; {cure}"


def test_a_disk_without_room_says_what_is_needed(root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = 49 * 16 + 200 * 49 + 4096
    monkeypatch.setattr(cache_room, "free_bytes", lambda folder: needed - 1)
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    cure = "free some space, set NETTRAIN_CACHE to a folder on another disk, or set data.cache: none"
    line = f"data.cache: the decoded pictures take 0.0 MB, but 0.0 MB are free; {cure}"
    assert str(caught.value) == f"{kept}: {line}"
    assert entry_paths(str(kept)) == []


@pytest.mark.parametrize("call", ["write_at", "sync", "replace"])
def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "full")

    through_disk(folder(root.parent / "other", {"a": 1, "b": 1}))
    before = os.listdir(kept)
    monkeypatch.setattr(system, call, full)
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    path = disk.entry_path(on_disk(root), GREY)
    cure = "free some space, set NETTRAIN_CACHE to a folder on another disk, or set data.cache: none"
    assert str(caught.value) == (f"{path}: data.cache: the decoded pictures take 0.0 MB, but the disk is full; {cure}")
    assert os.listdir(kept) == before


def test_the_data_folder_is_never_written_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "link").symlink_to(root)
    for place in (root / "a", root / "a/below", root.parent / "link/a/below"):
        monkeypatch.setenv("NETTRAIN_CACHE", str(place))
        with pytest.raises(EnvironmentFault) as caught:
            through_disk(root)
        assert str(caught.value) == (
            f"{place}: decoded pictures would be written into the data folder {root}/a; "
            "set NETTRAIN_CACHE to another folder"
        )
    assert sorted(os.listdir(root)) == ["a", "b"]


def test_where_there_is_no_room_for_pictures_that_are_not_wanted_they_go(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = split_of(root)
    decode(whole.only(np.arange(30)), GREY, cache="disk")
    monkeypatch.setattr(cache_room, "free_bytes", lambda folder: 29 * 16 + 200 * 29 + 4096)
    part = whole.only(np.arange(20, 49))
    assert facts(decode(part, GREY, cache="disk")) == facts(decode(part, GREY))
    (found,) = describe(entry_paths(str(kept)))
    assert found.pictures == 29
