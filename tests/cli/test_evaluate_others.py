"""Pictures of a run's own splits that have changed since it began: nobody judges on them without a word."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import MLP, Ended, pictures, written

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pictures and a finished run on them."""
    monkeypatch.chdir(tmp_path)
    pictures(tmp_path / "data", 8, 2)
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    assert call("fit", "a.yaml", "--run-dir", "run").code == 0
    return tmp_path


def line(split: str) -> str:
    what = "the names are the same, but not what is in the files; judged as they are now"
    return f"nettrain: warning: run: its {split} pictures are not those that it began with: {what}"


def swap(folder: Path) -> None:
    """The first two pictures of a class take each other's names."""
    one, other = sorted(folder.iterdir())[:2]
    first = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(first)


def test_evaluate_and_a_gate_say_that_test_pictures_are_others(here: Path, call: Call) -> None:
    before = call("evaluate", "run")
    assert before.err == ""
    swap(here / "data/test/3")
    for command in (
        ("evaluate", "run"),
        ("evaluate", "run", "--min-accuracy", "0.01"),
        ("fit", "a.yaml", "--run-dir", "run", "--resume", "auto", "--min-accuracy", "0.01"),
    ):
        ended = call(*command)
        assert (ended.code, ended.err.splitlines().count(line("test"))) == (0, 1)
    assert line("test") not in call("evaluate", "run", "--data", "data/test").err
    swap(here / "data/test/3")
    assert call("evaluate", "run") == before


def test_each_run_of_a_series_says_so(here: Path, call: Call) -> None:
    short = ("fit", "a.yaml", "--run-dir", "all", "--repeat", "2", "--epochs", "1", "--min-accuracy", "0.01")
    assert "warning" not in call(*short).err
    swap(here / "data/test/3")
    ended = call(*short, "--resume", "auto")
    assert ended.code == 0
    for seed in (1, 2):
        assert line("test").replace(" run:", f" all/seed-{seed}:") in ended.err.splitlines()


@pytest.mark.parametrize("split", ["train", "val"])
def test_evaluate_says_so_of_the_other_splits(here: Path, call: Call, split: str) -> None:
    name = next(row.split(",")[0] for row in Path("run/split.csv").read_text().splitlines() if f",{split}" in row)
    (path,) = (here / "data").glob(f"**/{Path(name).parent.name}/{Path(name).name}")
    path.write_bytes(next(other for other in sorted(path.parent.iterdir()) if other != path).read_bytes())
    ended = call("evaluate", "run", "--split", split)
    assert (ended.code, ended.err) == (0, f"{line(split)}\n")
    assert call("evaluate", "run").err == ""


def test_a_run_that_does_not_know_them_is_judged_as_before(here: Path, call: Call) -> None:
    """One of an older nettrain, or one that has lost its run.json."""
    shutil.move("run/run.json", "gone.json")
    swap(here / "data/test/3")
    assert call("evaluate", "run").code == 0


def test_pictures_that_it_was_trained_on_are_no_measure(here: Path, call: Call) -> None:
    trained = [row.split(",")[0] for row in Path("run/split.csv").read_text().splitlines() if ",train" in row]
    assert len(trained) == 60
    ended = call("evaluate", "run", "--data", "data/train")
    are = f"60 of the 80 pictures are among those that the run was trained on, such as {trained[0]}"
    assert ended.code == 0
    assert ended.err == f"nettrain: warning: data/train: {are}; so this is no measure of new pictures\n"
    assert call("evaluate", "run", "--data", "data/test").err == ""
    Path("linked").mkdir()
    for folder in Path("data/train").iterdir():
        Path("linked", folder.name).symlink_to(folder.absolute())
    assert call("evaluate", "run", "--data", "linked").err == ended.err.replace("data/train", "linked")
    shutil.copytree("data/train", "copied")
    Path("data/train", trained[-1]).unlink()
    assert (
        f"59 of the 79 pictures are among those {are.partition('those ')[2]}"
        in call("evaluate", "run", "--data", "data/train").err
    )
    shutil.rmtree("data/train")
    assert call("evaluate", "run", "--data", "copied").err == ""  # elsewhere: 'nettrain doctor' looks into the files


def test_a_folder_of_splits_is_not_judged_as_one(here: Path, call: Call) -> None:
    message = "data: holds the splits test and train; name one of them, such as data/test"
    assert call("evaluate", "run", "--data", "data") == Ended(3, "", f"nettrain: error: {message}\n")


def test_a_run_that_does_not_know_its_pictures_judges_others_all_the_same(here: Path, call: Call) -> None:
    before = call("evaluate", "run", "--data", "data/test")
    shutil.move("run/split.csv", "gone.csv")
    assert call("evaluate", "run", "--data", "data/test") == before
