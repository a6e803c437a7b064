"""Twelve ways in which other trainers go wrong without a word, each tried on nettrain from the outside.

``TRAPS`` names what holds each. Those that concern pictures and labels are here, end to end; the others stand where
the part that they are about is tested.
"""

from __future__ import annotations

import csv
import importlib
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from commands import MLP, NETTRAIN, Ended, results, tree, written
from data.samples import noise, saved, smooth
from data_guard import unguarded
from PIL import Image

Call = Callable[..., Ended]

TRAPS = {
    "a bad file has the result of its neighbour": [
        "cli.test_traps:test_a_bad_file_has_no_result_and_changes_no_other",
        "data.test_cache:test_skipped_files_are_listed_and_never_replaced",
    ],
    "a bad file becomes a grey picture with its label": [
        "cli.test_traps:test_a_bad_file_trains_nothing",
        "data.test_cache:test_skipped_files_are_listed_and_never_replaced",
    ],
    "a bad file ends the training with exit code 0": [
        "cli.test_traps:test_a_bad_file_ends_fit_before_the_first_step_and_not_with_0",
        "cli.test_traps:test_a_file_that_goes_bad_in_mid_training_is_not_exit_0",
    ],
    "a label is whatever class name the path contains": [
        "cli.test_traps:test_a_label_is_a_folder_and_no_part_of_a_path",
        "data.test_classes:test_a_substring_is_no_match",
    ],
    "validation numbers its classes by itself": [
        "cli.test_traps:test_other_classes_in_validation_or_evaluation_are_refused",
        "data.test_classes:test_labels_follow_the_model_not_the_folder",
    ],
    "a misspelt key is accepted": [
        "config.test_reader:test_a_fault_says_where_what_came_and_what_was_expected",
        "cli.test_faults:test_a_fault_of_the_config",
    ],
    "a learning rate that was typed is thrown away": [
        "training.test_effects:test_a_key_has_an_effect_unless_it_is_free",
    ],
    "a key is accepted and changes nothing": [
        "training.test_effects:test_a_key_has_an_effect_unless_it_is_free",
    ],
    "pictures are rewritten in the data folder": [
        "cli.test_traps:test_no_command_changes_a_byte_of_the_data",
        "data.test_cache:test_no_byte_of_the_data_folder_changes",
    ],
    "resume overwrites the best model and heads the log twice": [
        "cli.test_resume:test_a_stopped_run_goes_on_to_the_same_bytes",
        "cli.test_resume:test_a_run_may_be_stopped_again_and_again",
    ],
    "a set smaller than a batch, or its last batch, is dropped": [
        "cli.test_traps:test_a_set_smaller_than_a_batch_and_a_partial_batch_are_trained_on",
        "data.test_order:test_batches_cover_every_position_and_the_last_may_be_partial",
        "cli.test_fit:test_any_batch_size_trains",
    ],
    "YAML reads 1e-3 as text and no as false; the second of two keys wins": [
        "cli.test_traps:test_classes_called_no_off_and_007_keep_their_names",
        "config.test_scalars:test_a_spelling_is_read",
        "config.test_nodes:test_what_is_refused_has_its_place_and_reason",
    ],
}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_has_its_tests(trap: str) -> None:
    for name in TRAPS[trap]:
        module, test = name.split(":")
        assert callable(getattr(importlib.import_module(module), test))


def test_there_are_twelve() -> None:
    assert len(TRAPS) == 12


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``data/``, two digits of which nobody else has the files, and ``a.yaml`` to train on them."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "test"):
        for label in ("3", "8"):
            shutil.copytree(small / split / label, tmp_path / "data" / split / label)
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    return tmp_path


def bad(path: str) -> Path:
    """A picture that is cut off, as a broken download is."""
    Path(path).write_bytes(saved(smooth(8, 8), "JPEG")[:-50])
    return Path(path)


def rows(text: str) -> dict[str, dict[str, object]]:
    return {row["path"]: row for row in map(json.loads, text.splitlines())}


def test_a_bad_file_has_no_result_and_changes_no_other(here: Path, call: Call) -> None:
    assert call("fit", "a.yaml", "--run-dir", "run").code == 0
    whole = rows(call("predict", "data/test", "--model", "run").out)
    bad("data/test/3/0000.jpg")  # sorts among the others
    ended = call("predict", "data/test", "--model", "run")
    found = rows(ended.out)
    assert ended.code == 3
    row = found.pop("data/test/3/0000.jpg")
    assert (row["label"], row["confidence"], row["top"]) == (None, None, None)
    assert row["error"] == "cut off: the JPEG file has no end marker"
    assert found == whole


def test_a_bad_file_trains_nothing(here: Path, call: Call) -> None:
    """Skipped where that is asked for, it leaves the very run that there would be without it."""
    assert call("fit", "a.yaml", "--run-dir", "without", "--set", "data.val=data/test").code == 0
    bad("data/train/3/0000.jpg")
    asked = ("--set", "data.val=data/test", "--set", "data.on_bad_image=skip")
    ended = call("fit", "a.yaml", "--run-dir", "with", *asked)
    assert ended.code == 0
    assert "nettrain: warning: 1 bad picture skipped; see with/bad_images.csv\n" in ended.err
    listed = "3/0000.jpg,cut off: the JPEG file has no end marker,train"
    assert Path("with/bad_images.csv").read_text().splitlines()[1:] == [listed]
    for name in ("metrics.csv", "events.jsonl"):
        assert results(here / "with")[name] == results(here / "without")[name]


def test_a_bad_file_ends_fit_before_the_first_step_and_not_with_0(here: Path, call: Call) -> None:
    bad("data/train/3/0000.jpg")
    bad("data/test/8/0000.jpg")  # one of those to test on
    ended = call("fit", "a.yaml", "--run-dir", "run")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == f"nettrain: error: {here}/data/train/3/0000.jpg: cut off: the JPEG file has no end marker\n"
    (here / "data/train/3/0000.jpg").unlink()
    ended = call("fit", "a.yaml", "--run-dir", "run")
    assert (ended.code, ended.out) == (3, "")
    assert "data/test/8/0000.jpg: cut off" in ended.err
    assert not Path("run/checkpoints").exists() or not list(Path("run/checkpoints").iterdir())


def test_a_file_that_goes_bad_in_mid_training_is_not_exit_0(here: Path) -> None:
    """Read anew in every epoch, pictures are damaged after the first."""
    text = MLP.format(data="data").replace("epochs: 2", "epochs: 2000")
    written(here, "b.yaml", text.replace("data:\n", "data:\n  cache: none\n", 1))
    with Popen([*NETTRAIN, "fit", "b.yaml", "--run-dir", "run"], env=unguarded(), stdout=PIPE, stderr=PIPE) as fit:
        while not Path("run/timings.csv").exists() or len(Path("run/timings.csv").read_text().splitlines()) < 2:
            assert fit.poll() is None
            time.sleep(0.01)
        for path in sorted(Path("data/train/8").iterdir()):
            path.write_bytes(path.read_bytes()[:-20])
        out, err = fit.communicate(timeout=100)
    assert (fit.returncode, out) == (3, b"")
    last = err.decode().splitlines()[-1]
    assert last.startswith(f"nettrain: error: {here}/data/train/8/")
    assert last.endswith(".png: the file has changed since it was checked")


@pytest.mark.parametrize("where", ["train", "classification", "8"])
def test_a_label_is_a_folder_and_no_part_of_a_path(here: Path, call: Call, where: str) -> None:
    """Classes called ``rain``, ``cat`` and ``8`` in folders that have these in their names, or are called so."""
    for number, label in enumerate(("rain", "cat", "8")):
        for place in range(4):
            target = here / where / label / f"rain-cat-8-{place}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(noise(8, 8, seed=10 * number + place)).save(target)
    written(here, "b.yaml", MLP.format(data=where))
    assert call("fit", "b.yaml", "--run-dir", "run").code == 0
    with open("run/split.csv", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 12
    assert all(row["label"] == row["path"].split("/")[0] for row in found)
    assert Path("run/classes.txt").read_text().split() == ["8", "cat", "rain"]


def test_other_classes_in_validation_or_evaluation_are_refused(here: Path, call: Call) -> None:
    shutil.copytree("data/test", "val")
    shutil.move("val/3", "val/0")  # 0 and 8: as many classes, numbered 0 and 1 as 3 and 8 are
    ended = call("fit", "a.yaml", "--set", "data.val=val", "--run-dir", "run")
    assert (ended.code, ended.out) == (3, "")
    assert "'0'" in ended.err
    assert "'3'" in ended.err
    assert call("fit", "a.yaml", "--run-dir", "run", "--epochs", "1").code == 0
    shutil.copytree("data/test/8", "later/8")  # alone it would be number 0
    ended = call("evaluate", "run", "--data", "later")
    assert (ended.code, ended.out) == (3, "")
    assert "'3'" in ended.err


def test_no_command_changes_a_byte_of_the_data(here: Path, call: Call) -> None:
    """Also not a JPEG without its last two bytes, which another trainer writes anew in its place."""
    whole = saved(smooth(16, 16), "JPEG")
    Path("data/train/3/cut.jpg").write_bytes(whole[:-2])
    Path("data/train/3/more.jpg").write_bytes(whole + b"behind the end")
    before = tree(here / "data", times=True)
    skip = ("--set", "data.on_bad_image=skip")
    commands: dict[str, tuple[str, ...]] = {
        "check": ("a.yaml", *skip),
        "doctor": ("data", "--sheet", "doctor.png", "--write-manifest", "m.csv"),
        "fit": ("a.yaml", "--run-dir", "run", *skip),
        "evaluate": ("run",),
        "predict": ("data/train", "--model", "run"),
        "lr-find": ("a.yaml", *skip),
        "init": ("data",),
    }
    for command, arguments in commands.items():
        ended = call(command, *arguments)
        assert (command, ended.code) in {(command, 0), ("predict", 3)}, ended.err
        assert tree(here / "data", times=True) == before, command


@pytest.mark.parametrize("batch_size", [1000, 31])
def test_a_set_smaller_than_a_batch_and_a_partial_batch_are_trained_on(here: Path, call: Call, batch_size: int) -> None:
    whole = ("--set", "data.val=null", "--batch-size", str(batch_size), "--run-dir", "run")
    assert call("fit", "a.yaml", *whole).code == 0
    with open("run/metrics.csv", newline="") as file:
        epochs = list(csv.DictReader(file))
    assert len(epochs) == 2
    assert epochs[0]["train_loss"] != epochs[1]["train_loss"]
    events = [json.loads(line) for line in Path("run/events.jsonl").read_text().splitlines()]
    assert max(event["step"] for event in events if "step" in event) == 2 * -(-32 // batch_size)


def test_classes_called_no_off_and_007_keep_their_names(here: Path, call: Call) -> None:
    """As folders, and as labels of a list."""
    names = ("007", "1e-3", "NULL", "no", "off")
    lines = ["path,label"]
    for number, name in enumerate(names):
        for place in range(4):
            target = here / "odd" / name / f"{place}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(noise(8, 8, seed=10 * number + place)).save(target)
            lines.append(f"odd/{name}/{place}.png,{name}")
    written(here, "odd.csv", "\n".join(lines) + "\n")
    for source in ("odd", "odd.csv"):
        config = written(here, "b.yaml", MLP.format(data=source))
        assert call("fit", config, "--run-dir", f"run-{source}").code == 0
        assert Path(f"run-{source}/classes.txt").read_text().split() == list(names)
