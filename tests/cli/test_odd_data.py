"""Odd names and bad files all the way through the commands: each has its row, none breaks a line, nothing changes."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, Ended, printable, tree, written
from data.archives.packing import packed
from data.formats.test_tiff import REFUSED as TIFFS
from data.samples import noise, png_of
from data.test_pictures import REFUSED as OTHERS

from nettrain.data.caps import RAISE

Call = Callable[..., Ended]
VAL = "  val: {from: train, fraction: 0.25}\n"
REFUSED = OTHERS | {f"TIFF {name}": case for name, case in TIFFS.items() if name != "several sizes"}
CLASSES = ("two words", "🐱", "قط", "-rf", "o'\"clock", "a,b", "n" * 200)
FILES = ("1.png", "-.png", "a\x1b[2Jb.png", "line\nbreak.png", "\u202eback.png", "\udcff.png", "b" * 250 + ".png")


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Classes and files of odd names, 7 of each class to train on and to test."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "test"):
        for label, name in enumerate(CLASSES):
            place = tmp_path / "data" / split / name
            place.mkdir(parents=True)
            for number, file in enumerate(FILES):
                pixels = noise(8, 8, 1, seed=100 * label + number) // 4 + 25 * label
                with open(os.path.join(place, file), "wb") as out:
                    out.write(png_of(pixels.astype("uint8")))
    return tmp_path / "data"


def in_archive(root: Path, ending: str) -> Path:
    """A folder, packed if there is an ending."""
    files = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    return packed(root.with_name(f"{root.name}{ending}"), files) if ending else root


@pytest.mark.parametrize("ending", ["", ".tar.gz"])
def test_odd_names_go_through_fit_evaluate_and_predict(odd: Path, call: Call, tmp_path: Path, ending: str) -> None:
    before = tree(odd, times=True)
    where = in_archive(odd, ending)
    config = written(tmp_path, "a.yaml", MLP.format(data=where))
    ended = call("fit", config, "--run-dir", "run", "--epochs", "1")
    assert ended.code == 0, ended.err
    assert printable(ended.out + ended.err)
    assert (tmp_path / "run/classes.txt").read_text().splitlines() == sorted(CLASSES)
    ended = call("evaluate", "run", "--json")
    assert sorted(row["label"] for row in json.loads(ended.out)["per_class"]) == sorted(CLASSES)
    ended = call("predict", where / "test", "--model", "run", "--format", "jsonl")
    assert printable(ended.out)
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert len(rows) == len(CLASSES) * len(FILES)
    assert {row["label"] for row in rows} <= set(CLASSES)
    ended = call("predict", where / "test", "--model", "run", "--format", "csv")
    assert printable(ended.out)
    assert len(list(csv.reader(io.StringIO(ended.out)))) == 1 + len(rows)
    assert tree(odd, times=True) == before


@pytest.mark.parametrize("ending", ["", ".zip", ".tar.bz2"])
def test_every_kind_of_bad_file_has_its_row_and_the_others_theirs(
    tmp_path: Path, call: Call, finished: Path, small: Path, ending: str
) -> None:
    place = tmp_path / "mixed"
    place.mkdir()
    good = next((small / "test/3").iterdir()).read_bytes()
    expected = {}
    for number, (data, reason) in enumerate(REFUSED.values()):
        (place / f"{number:03}a.png").write_bytes(data)
        (place / f"{number:03}b.png").write_bytes(good)
        expected |= {f"{number:03}a.png": reason.removesuffix(f"; {RAISE}"), f"{number:03}b.png": None}
    ended = call("predict", in_archive(place, ending), "--model", finished, "--format", "jsonl")
    assert ended.code == 3
    line = f"nettrain: error: {len(REFUSED)} of the files could not be used; their rows say why\n"
    assert ended.err == line
    rows = [json.loads(row) for row in ended.out.splitlines()]
    assert {Path(row["path"]).name: row["error"] for row in rows} == expected
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    assert len({row["confidence"] for row in rows if row["error"] is None}) == 1


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_a_fit_on_every_kind_of_bad_file_names_twenty_and_counts_the_rest(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for label in "ab":
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(4):
            (tmp_path / f"data/{label}/{number}.png").write_bytes(png_of(noise(8, 8, 1, seed=number)))
    for number, (data, _) in enumerate(REFUSED.values()):
        (tmp_path / f"data/a/bad{number:03}.png").write_bytes(data)
    where = in_archive(tmp_path / "data", ending)
    before = tree(tmp_path)
    config = written(tmp_path, "a.yaml", MLP.format(data=where).replace(VAL, ""))
    ended = call("fit", config, "--run-dir", "run")
    assert (ended.code, ended.out) == (3, "")
    errors = [line for line in ended.err.splitlines() if line.startswith("nettrain: error: ")]
    assert len(errors) == 21
    assert errors[-1] == f"nettrain: error: and {len(REFUSED) - 20} more"
    assert {name: what for name, what in tree(tmp_path).items() if name != "a.yaml"} == before
    ended = call("fit", config, "--run-dir", "run", "--set", "data.on_bad_image=skip", "--epochs", "1")
    assert ended.code == 0
    listed = list(csv.reader(io.StringIO((tmp_path / "run/bad_images.csv").read_text())))
    assert len(listed) == 1 + len(REFUSED)


NO_FILES = {
    "a/device.png": "a device, not a file",
    "a/loop.png": "a link that leads back to itself",
    "a/lost.png": "a link to a file that is not there",
    "a/pipe.png": "a named pipe (FIFO), not a file",
    "a/socket.png": "a socket, not a file",
}


def test_what_is_no_file_is_named_by_every_command_and_waited_for_by_none(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a/1", "a/2", "a/folder.png/3", "b/1", "b/2", "b/3"):  # a folder may be called like a picture
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"data/{name}.png").write_bytes(png_of(noise(8, 8, 1, seed=ord(name[-1]))))
    (tmp_path / "data/b/empty.png").mkdir()
    monkeypatch.chdir(tmp_path / "data/a")  # a socket's path may be no longer than about 100 bytes
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind("socket.png")
        os.mkfifo("pipe.png")
        for name, target in (("device", "/dev/zero"), ("loop", "loop.png"), ("lost", "nowhere.png")):
            Path(f"{name}.png").symlink_to(target)
        monkeypatch.chdir(tmp_path)
        config = written(tmp_path, "a.yaml", MLP.format(data="data").replace(VAL, ""))
        lines = [f"nettrain: error: {tmp_path}/data/{name}: {reason}" for name, reason in NO_FILES.items()]
        for command in (("fit", config, "--run-dir", "no"), ("lr-find", config)):
            ended = call(*command)
            assert (ended.code, ended.out) == (3, "")
            assert [line for line in ended.err.splitlines() if "error" in line] == lines
        assert not (tmp_path / "no").exists()
        skip = ("--set", "data.on_bad_image=skip")
        ended = call("fit", config, "--run-dir", "run", "--epochs", "1", *skip)
        assert ended.code == 0, ended.err
        listed = csv.DictReader(io.StringIO((tmp_path / "run/bad_images.csv").read_text()))
        assert {row["path"]: row["reason"] for row in listed} == NO_FILES
        assert call("evaluate", "run", "--data", "data").code == 0
        found = call("doctor", "data")
        assert all(reason in found.out for reason in NO_FILES.values())
        ended = call("predict", "data", "--model", "run")
        assert ended.code == 3
        rows = [json.loads(row) for row in ended.out.splitlines()]
        assert {row["path"].removeprefix("data/"): row["error"] for row in rows if row["error"]} == NO_FILES
        assert len(rows) == len(NO_FILES) + 6
