"""``nettrain init``: three commands on an unknown folder, nothing read in between; and the shipped example."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import ROOT, Ended, shell, tree
from data.archives.packing import packed
from data.samples import folder, noise, png_of
from data.sources.making import manifest, put

from nettrain.files import system
from nettrain.training.proposing.example import EXAMPLES
from nettrain.training.proposing.moving_shapes import WAYS, clip

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_init_fit_evaluate_without_reading_anything(here: Path) -> None:
    root = folder(here / "pictures of mine", {"cat": 7, "dog": 5}, size=8)
    before = tree(root, times=True)
    line = "nettrain init '../pictures of mine' > c.yaml && nettrain fit c.yaml && nettrain evaluate runs/c"
    ended = shell(line, here / "work")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0].startswith("runs/c  best val_loss ")
    assert ended.out.splitlines()[1] == "test: 2 pictures"
    assert tree(root, times=True) == before


def test_output_names_the_folder_relative_to_the_file(here: Path, call: Call) -> None:
    folder(here / "data/pets", {"cat": 4, "dog": 4}, size=8)
    (here / "configs").mkdir()
    ended = call("init", "../data/pets", "--output", "../configs/pets.yaml")
    said = "nettrain: wrote ../configs/pets.yaml; train with: nettrain fit ../configs/pets.yaml\n"
    assert ended == Ended(0, "", said)
    text = (here / "configs/pets.yaml").read_text()
    assert "\n  train: ../data/pets\n" in text
    assert call("check", "../configs/pets.yaml").code == 0
    assert call("init", "../data/pets").out == text.replace("../data/pets", str(here / "data/pets")).replace(
        "# 'nettrain fit ../configs/pets.yaml' trains, then 'nettrain evaluate runs/pets' judges.",
        "# If you save it as c.yaml: 'nettrain fit c.yaml' trains, then 'nettrain evaluate runs/c' judges.",
    )


def test_a_link_on_the_way_leads_to_the_same_folder(here: Path, call: Call) -> None:
    folder(here / "data/pets", {"cat": 4, "dog": 4}, size=8)
    (here / "far/off").mkdir(parents=True)
    (here / "link").symlink_to(here / "far/off")
    assert call("init", "../data/pets", "-o", "../link/c.yaml").code == 0
    assert "\n  train: ../../data/pets\n" in (here / "far/off/c.yaml").read_text()
    assert call("check", "../link/c.yaml").code == call("check", "../far/off/c.yaml").code == 0


def refused(ended: Ended, code: int, line: str) -> None:
    assert ended == Ended(code, "", f"nettrain: error: {line}\n")


def test_a_file_that_is_there_stays(here: Path, call: Call) -> None:
    folder(here / "pets", {"cat": 4, "dog": 4})
    (here / "c.yaml").write_text("mine")
    refused(
        call("init", "../pets", "-o", "../c.yaml"), 2, "../c.yaml: is there already; expected the name of a new file"
    )
    assert (here / "c.yaml").read_text() == "mine"


def test_runs_would_lie_among_the_classes(here: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder(here / "pets", {"cat": 4, "dog": 4}))
    what = "is the current folder, so that runs/ would come to lie among the classes"
    refused(call("init", "."), 2, f".: {what}; go to another one first, such as the one above")


def test_a_folder_without_classes_is_one_line_and_no_config(here: Path, call: Call) -> None:
    layout = "expected one folder of pictures per class, such as nowhere/cat/1.png"
    refused(call("init", "nowhere", "-o", "c.yaml"), 3, f"nowhere: no such folder; {layout}")
    assert not Path("c.yaml").exists()


def test_what_is_passed_over_is_noted(here: Path, call: Call) -> None:
    folder(here / "pets", {"cat": 4, "dog": 4})
    (here / "pets/readme.txt").touch()
    assert call("init", "../pets").err == "nettrain: note: ignored 1 file '.txt'\n"


def test_the_example_is_what_ships(here: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "sync", lambda handle: None)  # 1,800 times is long on a busy disk
    ended = call("init", "--example", "digits", "ex")
    assert ended == Ended(0, "", "nettrain: wrote 1800 files; train with: nettrain fit ex/configs/digits-mlp.yaml\n")
    shipped = {
        f"data/{name}": what for name, what in tree(ROOT / "data").items() if name.startswith(("digits", "README"))
    }
    found = {name: what for name, what in tree(Path("ex")).items() if name.startswith("data/")}
    assert found == shipped
    assert call("check", "ex/configs/digits-cnn.yaml").code == 0


def test_the_example_goes_nowhere_else(here: Path, call: Call) -> None:
    (here / "full").mkdir()
    (here / "full/mine.txt").write_text("mine")
    refused(
        call("init", "--example", "digits", "../full"),
        2,
        "../full: holds something already; expected a new or empty folder",
    )
    refused(
        call("init", "--example", "digits", "../full/mine.txt"),
        2,
        "../full/mine.txt: is a file; expected a new or empty folder",
    )
    assert os.listdir(here / "full") == ["mine.txt"]
    line = "--output is for the config of your own pictures; leave it out with --example; see 'nettrain init --help'"
    refused(call("init", "--example", "digits", "x", "-o", "c.yaml"), 2, line)


def test_a_wheel_holds_the_example() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    parts = {part for example in EXAMPLES.values() for part in example.parts}
    assert wheel["force-include"] == {part: f"nettrain/example/{part}" for part in parts}


def test_clips_are_trained_as_clips_without_reading_anything(here: Path, call: Call) -> None:
    """A zip of folders of frames, from init to predict."""
    files = {
        f"{label}/{number}/{time:02d}.png": png_of(frame)
        for label, way in WAYS.items()
        for number in range(4)
        for time, frame in enumerate(clip(label, way, number))
    }
    path = packed(here / "shapes.zip", files)
    assert call("init", path, "-o", "c.yaml").code == 0
    text = Path("c.yaml").read_text()
    assert "image: {size: [28, 28], channels: 1, frames: 8}\n" in text
    ended = call("fit", "c.yaml", "--epochs", "1", "--run-dir", "run")
    assert ended.code == 0, ended.err
    assert call("evaluate", "run").out.startswith("test: 4 ")
    (row,) = call("predict", f"{path}/left/0", "--model", "run").out.splitlines()
    assert '"error": null' in row or '"error":null' in row


def test_several_labels_are_trained_as_such_without_reading_anything(here: Path, call: Call) -> None:
    labels = ("cat", "dog|cat", "dog", "")
    rows = [("path", "label"), *((f"{place}.png", labels[place % 4]) for place in range(24))]
    files = {f"{place}.png": png_of(noise(8, 8, 1, seed=place)) for place in range(24)}
    put(here / "data", files | {"list.csv": manifest(rows)})
    assert call("init", "../data/list.csv", "-o", "c.yaml").code == 0
    ended = call("fit", "c.yaml", "--epochs", "1", "--run-dir", "run")
    assert ended.code == 0, ended.err
    assert "\nsubset accuracy " in call("evaluate", "run").out


def test_splits_that_a_list_has_itself_need_no_key(here: Path, call: Call) -> None:
    splits = ("train", "train", "train", "val", "test")
    cells = [(f"{place}.png", f"class {place % 2}", splits[place // 2 % 5]) for place in range(40)]
    files = {name: png_of(noise(8, 8, 1, seed=place)) for place, (name, _, _) in enumerate(cells)}
    put(here / "data", files | {"list.csv": manifest([("path", "label", "split"), *cells])})
    assert call("init", "../data/list.csv", "-o", "c.yaml").code == 0
    text = " ".join(line.strip().removeprefix("# ") for line in Path("c.yaml").read_text().splitlines())
    assert "Another seed gives other weights to start from. seed: 1" in text
    named = "are named there too, so that no key is needed:"
    assert f"train: ../data/list.csv The pictures of val {named} seen after each epoch, to find the best one" in text
    assert f"The pictures of test {named} never seen before 'nettrain evaluate' judges the model. Size" in text
    assert call("fit", "c.yaml", "--epochs", "1", "--run-dir", "run").code == 0
    assert [Path("run/split.csv").read_text().count(f",{split}") for split in ("train", "val", "test")] == [24, 8, 8]
