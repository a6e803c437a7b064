"""Where decoded pictures lie: the folder that the environment names, and what in it may be removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nettrain import files
from nettrain.data.cache_folder import cache_folder, entry_paths, remove, sweep
from nettrain.errors import EnvironmentFault, ExitCode

PLACES = {
    "ours": ({"NETTRAIN_CACHE": "/x/y", "XDG_CACHE_HOME": "/z", "HOME": "/h"}, "/x/y"),
    "relative": ({"NETTRAIN_CACHE": "y"}, "{here}/y"),
    "xdg": ({"XDG_CACHE_HOME": "/z", "HOME": "/h"}, "/z/nettrain"),
    "a relative xdg does not count": ({"XDG_CACHE_HOME": "z", "HOME": "/h"}, "/h/.cache/nettrain"),
    "home": ({"HOME": "/h"}, "/h/.cache/nettrain"),
    "empty is not set": ({"NETTRAIN_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/nettrain"),
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NETTRAIN_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    return monkeypatch


@pytest.mark.parametrize(("variables", "place"), PLACES.values(), ids=PLACES)
def test_the_environment_names_the_folder(
    environment: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], place: str
) -> None:
    environment.chdir(tmp_path)
    for name, value in variables.items():
        environment.setenv(name, value)
    assert cache_folder() == place.format(here=tmp_path)


def test_a_mac_has_a_folder_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.setattr("sys.platform", "darwin")
    environment.setenv("HOME", "/h")
    assert cache_folder() == "/h/Library/Caches/nettrain"


def test_without_a_home_it_is_a_fault(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        cache_folder()
    assert caught.value.code == ExitCode.ENVIRONMENT
    assert str(caught.value) == (
        "no folder for decoded pictures: NETTRAIN_CACHE, XDG_CACHE_HOME and HOME are not set; "
        "set NETTRAIN_CACHE to a folder"
    )


def test_entries_are_known_by_their_names(tmp_path: Path) -> None:
    for name in ("b.pictures", "a.pictures", "notes.txt", ".nettrain-0.tmp"):
        (tmp_path / name).write_bytes(b"123")
    assert [os.path.basename(path) for path in entry_paths(str(tmp_path))] == ["a.pictures", "b.pictures"]
    assert sweep(str(tmp_path)) == 3
    assert sorted(os.listdir(tmp_path)) == ["a.pictures", "b.pictures", "notes.txt"]
    assert entry_paths(str(tmp_path / "nowhere")) == []
    assert sweep(str(tmp_path / "nowhere")) == 0


def test_what_is_in_use_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.pictures"
    path.write_bytes(b"12345")
    handle = files.open_shared(path)
    assert handle is not None
    assert remove(str(path)) is None
    assert path.read_bytes() == b"12345"
    os.close(handle)
    assert remove(str(path)) == 5
    assert remove(str(path)) == 0


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault) as caught:
        entry_paths(str(tmp_path / "file"))
    assert str(caught.value).startswith(f"{tmp_path}/file: cannot read: ")
