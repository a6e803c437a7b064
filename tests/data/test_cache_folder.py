"""Where decoded pictures lie: the folder that the environment names, and what in it may be removed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from nettrain.data.cache_folder import advised, cache_folder, check_writable, entry_paths, remove, sweep
from nettrain.errors import EnvironmentFault, ExitCode
from nettrain.files.causes import fault
from nettrain.files.shared import open_shared

PLACES = {
    "ours": ({"NETTRAIN_CACHE": "/x/y", "XDG_CACHE_HOME": "/z", "HOME": "/h"}, "/x/y"),
    "relative": ({"NETTRAIN_CACHE": "y"}, "{here}/y"),
    "at home": ({"NETTRAIN_CACHE": "~/y", "HOME": "/h"}, "/h/y"),
    "a tilde elsewhere is itself": ({"NETTRAIN_CACHE": "/x/~", "HOME": "/h"}, "/x/~"),
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


@pytest.mark.parametrize("home", [None, "", "h"])
def test_without_a_home_it_is_a_fault(environment: pytest.MonkeyPatch, home: str | None) -> None:
    if home is not None:
        environment.setenv("HOME", home)
    with pytest.raises(EnvironmentFault) as caught:
        cache_folder()
    assert caught.value.code == ExitCode.ENVIRONMENT
    assert str(caught.value) == (
        "no folder for decoded pictures: NETTRAIN_CACHE is not set, and neither XDG_CACHE_HOME nor HOME is an "
        "absolute path; set NETTRAIN_CACHE to a folder"
    )


def test_a_home_that_nobody_has_is_a_fault(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NETTRAIN_CACHE", "~nobody-has-this-name/x")
    with pytest.raises(EnvironmentFault) as caught:
        cache_folder()
    assert str(caught.value) == (
        "NETTRAIN_CACHE: no home folder is known for '~nobody-has-this-name/x'; expected an absolute path"
    )


WAYS = {  # what leads to the folder: what to set
    "NETTRAIN_CACHE": "set NETTRAIN_CACHE",
    "XDG_CACHE_HOME": "set NETTRAIN_CACHE or XDG_CACHE_HOME",
    "HOME": "set NETTRAIN_CACHE or HOME",
}


@pytest.mark.parametrize("variable", WAYS)
def test_a_place_that_is_no_folder_names_the_variable_that_led_there(
    environment: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    environment.setenv(variable, str(tmp_path / "file"))
    for action, doing in ((check_writable, "write"), (entry_paths, "read"), (sweep, "read")):
        with pytest.raises(EnvironmentFault) as caught:
            action(cache_folder())
        line = f"cannot {doing}: a part of the path is not a folder; {WAYS[variable]} to a folder"
        assert str(caught.value) == f"{cache_folder()}: {line}"
    assert (tmp_path / "file").read_bytes() == b""


def test_a_place_that_cannot_be_written_to_is_found_without_writing(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("HOME", str(tmp_path))
    check_writable(cache_folder())
    environment.setattr(os, "access", lambda path, how: path != str(tmp_path))
    with pytest.raises(EnvironmentFault) as caught:
        check_writable(cache_folder())
    cure = "set NETTRAIN_CACHE or HOME to a folder of your own"
    assert str(caught.value) == f"{tmp_path}/.cache/nettrain: cannot write: permission denied; {cure}"
    assert os.listdir(tmp_path) == []


def test_only_a_refusal_that_another_place_helps_against_names_the_variable(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HOME", "/h")
    for number, end in (
        (errno.EROFS, "the file system is read-only; set NETTRAIN_CACHE or HOME to a folder that can be written"),
        (errno.EIO, "the disk reports an input/output error; check the disk"),
    ):
        refused = OSError(number, "refused")
        with pytest.raises(EnvironmentFault) as caught, advised():
            raise fault("/h/x", "write", refused) from refused
        assert str(caught.value) == f"/h/x: cannot write: {end}"


def test_entries_are_known_by_their_names(tmp_path: Path) -> None:
    for name in ("b.pictures", "a.pictures", "notes.txt", ".nettrain-0.tmp"):
        (tmp_path / name).write_bytes(b"123")
    theirs = ["c.pictures", ".nettrain-1.tmp"]  # folders, which are nobody's entries
    for name in theirs:
        (tmp_path / name).mkdir()
    assert [os.path.basename(path) for path in entry_paths(str(tmp_path))] == ["a.pictures", "b.pictures"]
    assert sweep(str(tmp_path)) == 3
    assert sorted(os.listdir(tmp_path)) == sorted(["a.pictures", "b.pictures", "notes.txt", *theirs])
    assert entry_paths(str(tmp_path / "nowhere")) == []
    assert sweep(str(tmp_path / "nowhere")) == 0


def test_what_is_in_use_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.pictures"
    path.write_bytes(b"12345")
    handle = open_shared(path)
    assert handle is not None
    assert remove(str(path)) is None
    assert path.read_bytes() == b"12345"
    os.close(handle)
    assert remove(str(path)) == 5
    assert remove(str(path)) == 0
