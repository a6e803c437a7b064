"""The data guard, which listens to every test, can fail: who changes data, in whatever process, is found out."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, after, pictures, process
from data_guard import READERS, found_by_processes, guarded

import nettrain
from nettrain.cli.env import env
from nettrain.data.reading import read
from nettrain.data.walk import Ignored, pictures_below
from nettrain.files import system, whole
from nettrain.files.folders import make_folder, prune

Call = Callable[..., Ended]
READING = {"os.open", "os.scandir", "os.listdir", "open", "os.walk", "Image.open", "PIL.Image.open"}
NOT_OF_DATA = {  # the cache, a manifest, and what a download has left of itself
    "/nettrain/data/cache_folder.py",
    "/nettrain/data/doctor/manifest.py",
    "/nettrain/data/download/fetch.py",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return pictures(tmp_path / "data", 1, 0)


def look(data: Path) -> str:
    """Lists and reads data as a command does."""
    name = pictures_below(str(data / "train"), Ignored())[0]
    read(f"{data}/train/{name}", 1 << 20)
    return f"{data}/train/{name}"


CHANGES: dict[str, Callable[[Path], object]] = {
    "a picture is written": lambda data: whole.write_atomic(look(data), b"x"),
    "one is removed": lambda data: prune([look(data)]),
    "something is put beside the pictures": lambda data: whole.write_atomic(data / "train/3/index", b"x"),
    "a folder is put there": lambda data: make_folder(data / "train/.nettrain"),
    "a folder that holds them is moved": lambda data: system.replace(str(data), f"{data}-2"),
    "it is reached by a link": lambda data: make_folder(data.parent / "link/x"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("first", ["look", "change"])
def test_a_command_that_changes_data_is_found_out(
    call: Call, monkeypatch: pytest.MonkeyPatch, data: Path, change: str, first: str
) -> None:
    (data.parent / "link").symlink_to(data / "train/4")

    def command(**_: object) -> None:
        if first == "look":
            look(data)
        try:
            CHANGES[change](data)
        finally:
            if os.path.isdir(data):
                look(data)

    if first == "change" and "moved" in change:
        pytest.skip("it is gone then")
    monkeypatch.setattr(env, "callback", command)
    with pytest.raises(AssertionError, match="which is data or lies there"):
        call("env")
    assert os.path.isdir(data)


def test_a_change_that_no_hook_hears_is_seen_in_the_end(data: Path) -> None:
    with guarded(states=True) as found:
        path = look(data)
        subprocess.run(["touch", "-r", path, path], check=True)
    (line,) = found
    assert line.startswith(f"{path!r} has changed: it was (")
    with guarded(states=True) as found:
        look(data)
        subprocess.run(["touch", data / "train/5/new"], check=True)
    (line,) = found
    assert line.startswith(f"'{data}/train/5' has changed: it was (")


def test_what_is_no_data_and_what_a_test_does_is_no_matter(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with guarded(states=True) as found:
        path = look(data)
        whole.write_atomic(tmp_path / "run/log", b"x")
        make_folder(tmp_path / "data-2/train")
        Path(path).write_bytes(b"x")
        (data / "train/6/new.png").touch()
    assert found == []


PROGRAM = """
from nettrain.files import system, whole
from nettrain.files.folders import make_folder, prune
from nettrain.cli.env import env
from nettrain.data.walk import Ignored, pictures_below
def command(**_):
    pictures_below({data!r}, Ignored())
    whole.write_atomic({data!r} + "/x", b"x")
env.callback = command"""


def test_a_process_that_changes_data_is_found_out(data: Path) -> None:
    ended = process("env", program=after(PROGRAM.format(data=str(data))))
    assert (ended.code, os.path.exists(data / "x")) == (5, False)
    told = found_by_processes()
    assert [line.partition(f" of '{data}/.nettrain-")[0] for line in told] == ["open", "os.remove"]
    assert found_by_processes() == []


def reads(source: str) -> bool:
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
    return not calls.isdisjoint(READING)


def test_all_that_reads_data_is_known() -> None:
    package = Path(nettrain.__file__).parent
    found = {
        f"/nettrain/{path.relative_to(package)}" for path in package.glob("data/**/*.py") if reads(path.read_text())
    }
    assert found - NOT_OF_DATA == set(READERS)
