"""``data.cache: disk`` and ``nettrain cache``: the same bytes as from memory, what is kept, in use, removed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import CNN, NETTRAIN, Ended, after, process, results, tree, written
from data.samples import overwritten, refuse

from nettrain.data.cache_folder import entry_paths
from nettrain.files.whole import is_temporary
from nettrain.training.loop.loop import EpochEnd
from nettrain.training.run.closing import EpochRow, close_epoch

Call = Callable[..., Ended]
DISK = ("--set", "data.cache=disk")
KILLED = after(
    "import os, signal; from nettrain.data import pictures;"
    "real = pictures.decode; left = iter(range(100));"
    "die = lambda: os.kill(os.getpid(), signal.SIGKILL);"
    "pictures.decode = lambda *all: die() if next(left, None) is None else real(*all)"
)


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    return tmp_path


def entry(here: Path) -> Path:
    (path,) = entry_paths(str(here / "cache"))
    return Path(path)


def test_a_fit_gives_the_bytes_that_it_gives_from_memory(here: Path, call: Call, small: Path) -> None:
    before = tree(small, times=True)
    assert call("fit", "cnn.yaml", "--run-dir", "ram").code == 0
    plain = results(here / "ram")
    for run, how in (("first", "kept for later runs"), ("second", "decoded by an earlier run")):
        ended = call("fit", "cnn.yaml", "--run-dir", run, *DISK)
        assert ended.code == 0
        assert f"nettrain: note: data.cache: 160 pictures, 0.0 MB, {how}: {entry(here)}\n" in ended.err
        assert results(here / run) == plain
    assert call("fit", "cnn.yaml", "--run-dir", "other", "--seed", "9", *DISK).code == 0
    assert tree(small, times=True) == before


def test_a_resumed_run_says_where_its_pictures_are(here: Path, call: Call) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "run", *DISK).code == 0
    ended = call("resume", "run", "--epochs", "5", "--schedule", "constant")
    assert ended.code == 0, ended.err
    assert f"nettrain: note: data.cache: 160 pictures, 0.0 MB, decoded by an earlier run: {entry(here)}\n" in ended.err


def test_check_estimates_it_and_writes_nothing(here: Path, call: Call) -> None:
    before = tree(here)
    ended = call("check", "cnn.yaml", *DISK)
    assert ended.code == 0
    memory, disk, cache = ended.out.partition("\nmemory")[2].splitlines()[:3]
    assert re.fullmatch(r"  about \d+\.\d MB", memory)
    assert disk.startswith("disk    about ")
    assert cache == f"cache   about 0.0 MB of decoded pictures, kept for later runs in {here}/cache"
    assert tree(here) == before


def test_bad_pictures_are_skipped_as_from_memory(here: Path, call: Call, small: Path) -> None:
    data = shutil.copytree(small, here / "data")
    (data / "train/3" / sorted(os.listdir(data / "train/3"))[0]).write_bytes(b"")
    written(here, "bad.yaml", CNN.format(data=data))
    skip = ("--set", "data.on_bad_image=skip")
    for run, more in (("ram", ()), ("one", DISK), ("two", DISK)):
        assert call("fit", "bad.yaml", "--run-dir", run, *skip, *more).code == 0
        assert (here / run / "bad_images.csv").read_bytes() == (here / "ram/bad_images.csv").read_bytes()
        assert results(here / run) == results(here / "ram")
        facts = [json.loads((here / one / "run.json").read_text()) for one in (run, "ram")]
        assert facts[0]["data_fingerprint"] == facts[1]["data_fingerprint"]


def test_a_killed_fit_leaves_no_entry_and_the_next_one_sweeps(here: Path) -> None:
    ended = process("fit", "cnn.yaml", "--run-dir", "a", *DISK, cwd=here, program=KILLED)
    assert ended.code == -signal.SIGKILL
    (left,) = os.listdir(here / "cache")
    assert is_temporary(left)
    assert process("fit", "cnn.yaml", "--run-dir", "b", *DISK, cwd=here).code == 0
    assert os.listdir(here / "cache") == [entry(here).name]


HOMELESS = (
    "no folder for decoded pictures: NETTRAIN_CACHE is not set, and neither XDG_CACHE_HOME nor HOME is an absolute path"
)


@pytest.mark.parametrize("line", ["fit cnn.yaml --set data.cache=disk", "check cnn.yaml --set data.cache=disk"])
def test_without_a_home_it_is_one_line(here: Path, call: Call, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    for name in ("NETTRAIN_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    ended = call(*line.split())
    assert ended.code == 5
    assert ended.err.splitlines()[-1] == f"nettrain: error: {HOMELESS}; set NETTRAIN_CACHE to a folder"
    assert not (here / "runs").exists()
    for listing in ("list", "clear"):
        assert call("cache", listing) == Ended(5, "", f"nettrain: error: {HOMELESS}; set NETTRAIN_CACHE to a folder\n")


def test_list_shows_what_is_there(here: Path, call: Call, small: Path) -> None:
    assert call("cache", "list") == Ended(
        0, f"pictures  size  bytes  last used  data\n                    0             all in {here}/cache\n", ""
    )
    assert call("fit", "cnn.yaml", "--run-dir", "a", *DISK).code == 0
    size = entry(here).stat().st_size
    os.utime(entry(here), (1, 1_700_000_000))
    whole = call("cache", "list")
    assert (whole.code, whole.err) == (0, "")
    assert [line.split(maxsplit=4) for line in whole.out.splitlines()] == [
        ["pictures", "size", "bytes", "last", "used  data"],
        ["160", "8x8x1", f"{size:,}", "2023-11-14T22:13:20Z", f"{small}/train"],
        [f"{size:,}", "all", "in", f"{here}/cache"],
    ]
    found = json.loads(call("cache", "list", "--json").out)
    row = {"pictures": 160, "shape": [8, 8, 1], "bytes": size, "last_used": "2023-11-14T22:13:20Z"}
    entries = [{"root": f"{small}/train", "path": str(entry(here)), "fault": None, **row}]
    assert found == {"folder": f"{here}/cache", "entries": entries, "bytes": size}
    entry(here).write_bytes(b"x")
    damaged = call("cache", "list").out.splitlines()[1]
    assert damaged.endswith(f"{here}/cache/{entry(here).name} (it is cut off, or no file of this version)")
    (row,) = json.loads(call("cache", "list", "--json").out)["entries"]
    assert (row["root"], row["pictures"], row["shape"], row["bytes"]) == (None, None, None, 1)
    assert row["fault"] == "it is cut off, or no file of this version"


def test_a_use_is_noted(here: Path, call: Call) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "a", *DISK).code == 0
    os.utime(entry(here), (1, 1_700_000_000))
    assert call("fit", "cnn.yaml", "--run-dir", "b", *DISK).code == 0
    assert entry(here).stat().st_mtime > 1_700_000_000


def test_clear_removes_those_of_a_folder_or_all(here: Path, call: Call, small: Path) -> None:
    size = 0
    for number, side in enumerate((8, 9)):
        more = ("--set", f"data.image.size=[{side}, {side}]")
        assert call("fit", "cnn.yaml", "--run-dir", f"{number}", *DISK, *more).code == 0
    size = sum(os.stat(path).st_size for path in entry_paths(str(here / "cache")))
    (here / "cache/keep.txt").write_bytes(b"not ours")
    (here / "cache/.nettrain-0.tmp").write_bytes(b"left")
    for other in (small / "test", here):
        freed = call("cache", "clear", other)
        assert (freed.code, freed.out[: freed.out.index(",")]) == (0, "0 entries removed")
        note = f"nettrain: note: no entry is of the data folder {other}; see 'nettrain cache list'\n"
        assert freed.err == note
    (here / "link").symlink_to(small)
    assert call("cache", "clear", "link") == Ended(
        0, f"2 entries removed, {size / 1e6:.1f} MB freed in {here}/cache\n", ""
    )
    assert os.listdir(here / "cache") == ["keep.txt"]
    assert call("cache", "clear") == Ended(0, f"0 entries removed, 0.0 MB freed in {here}/cache\n", "")
    assert call("fit", "cnn.yaml", "--run-dir", "z", *DISK).code == 0
    entry(here).write_bytes(b"damaged")
    assert call("cache", "clear").out.startswith("1 entry removed, ")


def test_clear_of_a_folder_that_is_nowhere_is_a_usage_error(here: Path, call: Call, small: Path) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "a", *DISK).code == 0
    for nowhere in (small / "tra", "nowhere"):
        ended = call("cache", "clear", nowhere)
        line = f"no such folder, and no entry is of one there: {str(nowhere)!r}; see 'nettrain cache list'"
        assert ended == Ended(2, "", f"nettrain: error: {line}; see 'nettrain cache clear --help'\n")
    assert entry(here).exists()
    (here / "gone").mkdir()
    written(here, "gone.yaml", CNN.format(data=shutil.copytree(small, here / "gone/data")))
    assert call("fit", "gone.yaml", "--run-dir", "b", *DISK).code == 0
    shutil.rmtree(here / "gone")
    assert call("cache", "clear", "gone").out.startswith("1 entry removed, ")


def test_what_cannot_be_read_is_listed_and_not_cleared(here: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "a", *DISK).code == 0
    theirs = here / "cache/0.pictures"
    theirs.write_bytes(b"private")
    refuse(monkeypatch, theirs)
    listed = call("cache", "list")
    assert listed.code == 0
    assert listed.out.splitlines()[1].split(maxsplit=4)[4] == f"{theirs} (cannot be read)"
    assert [row["root"] is None for row in json.loads(call("cache", "list", "--json").out)["entries"]] == [True, False]
    cleared = call("cache", "clear")
    assert (cleared.code, cleared.out[: cleared.out.index(",")]) == (5, "1 entry removed")
    what = "cannot remove: permission denied; set NETTRAIN_CACHE to a folder of your own"
    assert cleared.err == f"nettrain: error: {theirs}: {what}\n"
    assert os.listdir(here / "cache") == [theirs.name]


def test_a_folder_among_the_entries_is_passed_over_and_a_fit_says_what_to_do(here: Path, call: Call) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "a", *DISK).code == 0
    path = entry(here)
    path.unlink()
    path.mkdir()
    (path / "kept.txt").write_bytes(b"")
    assert call("cache", "list") == Ended(
        0, f"pictures  size  bytes  last used  data\n                    0             all in {here}/cache\n", ""
    )
    assert call("cache", "clear") == Ended(0, f"0 entries removed, 0.0 MB freed in {here}/cache\n", "")
    ended = call("fit", "cnn.yaml", "--run-dir", "b", *DISK)
    what = "cannot read: is a folder; remove it, or set NETTRAIN_CACHE to another folder"
    assert (ended.code, ended.err.splitlines()[-1]) == (5, f"nettrain: error: {path}: {what}")
    assert os.listdir(path) == ["kept.txt"]


DAMAGES: dict[str, Callable[[Path], None]] = {
    "changed": lambda path: overwritten(path, bytes(5000)),
    "been cut off": lambda path: os.truncate(path, 1000),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_cache_damaged_during_a_fit_ends_it_and_resume_gives_the_bytes_of_a_whole_run(
    here: Path, call: Call, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    assert call("fit", "cnn.yaml", "--run-dir", "ram").code == 0

    def damaging(end: EpochEnd, *rest: Any) -> EpochRow:
        row = close_epoch(end, *rest)
        if end.epoch == 1:
            DAMAGES[how](entry(here))
        return row

    with monkeypatch.context() as patch:
        patch.setattr("nettrain.training.run.run.close_epoch", damaging)
        ended = call("fit", "cnn.yaml", "--run-dir", "run", *DISK)
    assert (ended.code, ended.out) == (5, "")
    what = rf"these decoded pictures have {how} while they were in use, number \d+ first"
    cure = "do the same again, or resume the run: they are then decoded anew"
    last = ended.err.splitlines()[-1]
    assert re.fullmatch(rf"nettrain: error: {re.escape(str(entry(here)))}: {what}; {cure}", last)
    assert "Traceback" not in ended.err
    assert json.loads((here / "run/run.json").read_text())["state"] == "failed"
    resumed = call("resume", "run")
    assert (resumed.code, resumed.out != "") == (0, True)
    assert "is damaged: " in resumed.err
    assert results(here / "run") == results(here / "ram")


PLACES = {"as named": "data", "below it": "data/cc", "in a split": "data/train/3", "through a link": "link/cc"}


@pytest.mark.parametrize("command", ["fit", "check"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_no_folder_that_the_config_names_is_written_to(
    here: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch, command: str, place: str
) -> None:
    data = shutil.copytree(small, here / "data")
    (here / "link").symlink_to(data)
    written(here, "cnn.yaml", CNN.format(data="data"))
    before = tree(data, times=True)
    monkeypatch.setenv("NETTRAIN_CACHE", place)
    ended = call(command, "cnn.yaml", *DISK)
    line = f"decoded pictures would be written into the data folder {data}; set NETTRAIN_CACHE to another folder"
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.splitlines()[-1] == f"nettrain: error: {here}/{place}: {line}"
    assert tree(data, times=True) == before


@pytest.mark.parametrize("key", ["val", "test"])
def test_no_folder_of_val_or_test_is_written_to(
    here: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    other = shutil.copytree(small / "test", here / "other")
    monkeypatch.setenv("NETTRAIN_CACHE", str(other / "cc"))
    ended = call("fit", "cnn.yaml", "--set", f"data.{key}=other", *DISK)
    line = f"decoded pictures would be written into the data folder {other}; set NETTRAIN_CACHE to another folder"
    assert (ended.code, ended.err.splitlines()[-1]) == (5, f"nettrain: error: {other}/cc: {line}")
    assert not (other / "cc").exists()


def test_a_list_of_pictures_may_lie_above_the_cache_but_its_pictures_may_not(
    here: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = shutil.copytree(small / "train", here / "data")
    rows = [f"{path.relative_to(here)},{path.parent.name}" for path in sorted(data.glob("*/*"))]
    written(here, "list.csv", "\n".join(["path,label", *rows, ""]))
    written(here, "list.yaml", CNN.format(data="list.csv"))
    for command in ("check", "fit"):
        assert call(command, "list.yaml", *DISK).code == 0
    monkeypatch.setenv("NETTRAIN_CACHE", "data/cc")
    line = f"decoded pictures would be written into the data folder {data}; set NETTRAIN_CACHE to another folder"
    for command in ("check", "fit"):
        ended = call(command, "list.yaml", *DISK)
        assert (ended.code, ended.err.splitlines()[-1]) == (5, f"nettrain: error: {data}/cc: {line}")


def test_check_says_of_the_place_what_fit_says(here: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    written(here, "file", "")
    monkeypatch.delenv("NETTRAIN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "file"))
    before = tree(here)
    folder = here / "file/nettrain"
    cure = "a part of the path is not a folder; set NETTRAIN_CACHE or XDG_CACHE_HOME to a folder"
    for command in ("check", "fit"):
        ended = call(command, "cnn.yaml", *DISK)
        assert (ended.code, ended.out) == (5, "")
        assert ended.err.splitlines()[-1] == f"nettrain: error: {folder}: cannot write: {cure}"
    for command in ("list", "clear"):
        assert call("cache", command) == Ended(5, "", f"nettrain: error: {folder}: cannot read: {cure}\n")
    assert tree(here) == before


def test_an_entry_in_use_is_kept_and_said(here: Path, call: Call, small: Path) -> None:
    running = subprocess.Popen(
        [*NETTRAIN, "fit", "cnn.yaml", "--run-dir", "long", "--epochs", "100000", *DISK],
        stderr=subprocess.PIPE,
        text=True,
        cwd=here,
    )
    try:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("epoch "):
                break
        ended = call("cache", "clear")
        note = f"nettrain: note: {small}/train: in use by a running command, so it is kept\n"
        assert ended == Ended(0, f"0 entries removed, 0.0 MB freed in {here}/cache\n", note)
        assert entry(here).exists()
    finally:
        running.kill()
        running.communicate()
    assert call("cache", "clear").out.startswith("1 entry removed, ")


@pytest.mark.parametrize("arguments", [("list", "--help"), ("clear", "--help")])
def test_help_of_each_part_ends_with_an_example(call: Call, arguments: tuple[str, ...]) -> None:
    lines = call("cache", *arguments).out.rstrip().splitlines()
    assert lines[-2] == "  Example:"
    assert lines[-1].startswith(f"    nettrain cache {arguments[0]} ")


def test_a_misspelt_part_is_one_line(call: Call) -> None:
    ended = call("cache", "xyz")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "nettrain: error: no such command 'xyz'; see 'nettrain cache --help'\n"
