"""Several labels a picture, from a CSV list to the rows of predict: trained, judged, taken up again and compared."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Ended, results, written

import nettrain

Call = Callable[..., Ended]
CONFIG = """\
data:
  train: labels.csv
  labels: several
  image: {size: [8, 8], channels: 1}
model:
  layers:
    - flatten
    - dense: {units: 16, activation: relu}
    - dense: classes
loss: {binary_cross_entropy: {class_weights: {big: 2, even: 1, round: 1}}}
metrics: [macro_f1, auroc]
optimizer: {adam: {lr: 0.01}}
train: {epochs: 4, batch_size: 32}
"""
ACCURACIES = ("train_subset_accuracy", "val_subset_accuracy")


def labels_of(digit: int) -> str:
    """Any number of labels; 1 and 3 have none."""
    names = {"big": digit >= 5, "even": digit % 2 == 0, "round": digit in (0, 6, 8, 9)}
    return "|".join(name for name, there in names.items() if there)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Path:
    """A folder with a list of the small digits, divided by its column split, and a config."""
    folder = tmp_path_factory.mktemp("several")
    shutil.copytree(small, folder / "pictures")
    lines = ["path,label,split,note"]
    for digit in range(10):
        for split, part in (("train", slice(12)), ("val", slice(12, 16))):
            for path in sorted((folder / f"pictures/train/{digit}").iterdir())[part]:
                lines.append(f"{path.relative_to(folder)},{labels_of(digit)},{split},x")
        for path in sorted((folder / f"pictures/test/{digit}").iterdir()):
            lines.append(f"{path.relative_to(folder)},{labels_of(digit)},test,x")
    written(folder, "labels.csv", "\n".join(lines) + "\n")
    written(folder, "several.yaml", CONFIG)
    return folder


@pytest.fixture(scope="module")
def trained(listed: Path) -> Path:
    from nettrain.cli.main import run

    assert run(["fit", str(listed / "several.yaml"), "--run-dir", str(listed / "run")]) == 0
    return listed / "run"


@pytest.fixture
def here(tmp_path: Path, listed: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it all, with the finished run."""
    shutil.copytree(listed, tmp_path / "it")
    monkeypatch.chdir(tmp_path / "it")
    return tmp_path / "it"


def test_columns_and_notes_are_named_truthfully(here: Path, call: Call) -> None:
    ended = call("fit", "several.yaml", "--run-dir", "again")
    assert ended.code == 0
    assert results(here / "again") == results(here / "run")
    lines = ended.err.splitlines()
    assert "nettrain: note: data.train: uses train, val, test of its column split" in lines
    assert "nettrain: note: data.train: ignored column 'note'" in lines
    assert "nettrain: note: class weights: big 2, even 1, round 1" in lines
    assert all(f"  {name} 0." in lines[-1] for name in (*ACCURACIES, "val_macro_f1", "val_auroc"))
    assert "best val_loss" in ended.out
    (head, *_) = (here / "run/metrics.csv").read_text().splitlines()
    assert head == f"epoch,step,lr,train_loss,{ACCURACIES[0]},val_loss,{ACCURACIES[1]},val_macro_f1,val_auroc"


def test_check_says_what_a_first_loss_compares_with(here: Path, call: Call) -> None:
    weighted = call("check", "several.yaml")
    assert weighted.code == 0
    assert "even guess" not in weighted.out
    plain = call("check", "several.yaml", "--set", "loss=binary_cross_entropy", "--seed", "2")
    assert "an even guess of each class has 0.6931" in plain.out


def test_a_run_goes_on_to_the_same_bytes(here: Path, call: Call) -> None:
    assert call("fit", "several.yaml", "--run-dir", "short", "--epochs", "2").code == 0
    assert call("resume", "short", "--epochs", "4").code == 0
    assert (here / "short/metrics.csv").read_bytes() == (here / "run/metrics.csv").read_bytes()
    assert (here / "short/split.csv").read_bytes() == (here / "run/split.csv").read_bytes()
    text = (here / "run/split.csv").read_text()
    assert "pictures/train/6" in text
    assert ",big|even|round,train\n" in text
    assert ",,train\n" in text  # a picture without any label


def test_evaluate_tells_each_label_and_the_pictures_with_all_right(here: Path, call: Call) -> None:
    found = json.loads(call("evaluate", "run", "--json").out)
    assert list(found) == [
        *("split", "n", "subset_accuracy", "subset_accuracy_ci95", "loss", "macro_f1"),
        *("macro_precision", "macro_recall", "log_loss", "auroc"),
        *("per_class", "threshold", "model_sha256", "data_fingerprint", "skipped", "format_version"),
    ]
    assert (found["n"], found["threshold"]) == (50, 0.5)
    assert [row["label"] for row in found["per_class"]] == ["big", "even", "round"]
    assert [row["support"] for row in found["per_class"]] == [25, 25, 20]
    assert found["auroc"] > 0.75
    assert sorted(path.name for path in Path("run/evaluate").iterdir()) == [
        "per_class_test.csv",
        "predictions_test.csv",
        "test.json",
    ]
    rows = list(csv.DictReader(io.StringIO(Path("run/evaluate/predictions_test.csv").read_text())))
    assert list(rows[0]) == ["path", "true", "predicted", "correct", "loss", "p:big", "p:even", "p:round"]
    assert sum(row["correct"] == "1" for row in rows) == round(found["subset_accuracy"] * 50)
    assert all((row["true"] == row["predicted"]) == (row["correct"] == "1") for row in rows)
    text = call("evaluate", "run").out.splitlines()
    low, high = found["subset_accuracy_ci95"]
    assert text[:2] == [
        "test: 50 pictures",
        f"subset accuracy  {found['subset_accuracy']:.4f}  (95 % interval {low:.4f} to {high:.4f})",
    ]
    assert text[-3].startswith("big ")
    assert not any("confusion" in line for line in text)


def test_predict_gives_the_labels_that_are_there(here: Path, call: Call) -> None:
    folder = "pictures/test/8"
    rows = [json.loads(line) for line in call("predict", folder, "labels.csv", "--model", "run").out.splitlines()]
    model = nettrain.load("run")
    for row, found in zip(rows[:-1], model.predict([row["path"] for row in rows[:-1]]), strict=True):
        assert list(row) == ["path", "labels", "scores", "top", "error", "format_version"]
        assert row["scores"] == sorted(row["scores"], reverse=True)
        assert all(score >= 0.5 for score in row["scores"])
        assert set(row["labels"]) == set(found.labels)
        assert row["top"][0] == {"label": found.label, "confidence": pytest.approx(found.confidence)}
    bad = rows[-1]
    assert [bad[key] for key in ("path", "labels", "scores", "top")] == ["labels.csv", None, None, None]
    head, *lines = call("predict", folder, "--model", "run", "--format", "csv", "--all").out.splitlines()
    assert head == "path,labels,scores,error,p:big,p:even,p:round"
    for line, row in zip(csv.reader(lines), rows, strict=False):
        assert line[:4] == [row["path"], "|".join(row["labels"]), "|".join(map(str, row["scores"])), ""]
    table = call("predict", folder, "--model", "run", "--format", "table").out.splitlines()
    assert table[0].split() == ["path", "labels"]
    sure = [
        json.loads(line)
        for line in call("predict", folder, "--model", "run", "--min-confidence", "0.9").out.split("\n")[:-1]
    ]
    assert all(score >= np.float32(0.9) for row in sure for score in row["scores"])
    assert "unsure" not in sure[0]


def test_two_runs_are_compared_by_the_pictures_that_are_all_right(here: Path, call: Call) -> None:
    assert call("fit", "several.yaml", "--run-dir", "other", "--seed", "2").code == 0
    for run in ("run", "other"):
        assert call("evaluate", run).code == 0
    ended = call("compare", "run", "other")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(call("compare", "run", "other", "--json").out)["runs"][0]["metrics"].keys() == {
        *("n", "subset_accuracy", "subset_accuracy_ci95", "loss", "macro_f1")
    }
    assert call("evaluate", "run", "--min-accuracy", "0.999").code == 7


def test_a_folder_a_class_gives_each_picture_that_label(here: Path, call: Call) -> None:
    text = CONFIG.replace("labels.csv", "pictures").replace("metrics: [macro_f1, auroc]\n", "")
    text = text.replace("{class_weights: {big: 2, even: 1, round: 1}}", "{class_weights: balanced}")
    written(here, "folders.yaml", text.replace("epochs: 4", "epochs: 1"))
    assert call("fit", "folders.yaml", "--run-dir", "folders").code == 0
    assert json.loads(call("evaluate", "folders", "--json").out)["n"] == 50


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "loss: {binary_cross_entropy: {class_weights: {big: 2, even: 1, round: 1}}}",
            "loss: focal",
            "several.yaml:10:7: loss: focal is for one label a picture; with data.labels: several expected "
            "binary_cross_entropy",
        ),
        (
            "metrics: [macro_f1, auroc]",
            "metrics: [top5]",
            "several.yaml:11:11: metrics.0: top5 is for one label a picture, but data.labels is several",
        ),
        (
            "metrics: [macro_f1, auroc]",
            "checkpoint: {monitor: val_accuracy}",
            "several.yaml:11:23: checkpoint.monitor: accuracy is for one label a picture, but data.labels is several",
        ),
        (
            "metrics: [macro_f1, auroc]",
            "gate: {worst_class_recall: 0.5}",
            "several.yaml:11:28: gate.worst_class_recall: is for one label a picture, but data.labels is several; "
            "leave it out",
        ),
    ],
)
def test_what_needs_one_label_a_picture_is_refused(here: Path, call: Call, old: str, new: str, line: str) -> None:
    assert old in CONFIG
    written(here, "several.yaml", CONFIG.replace(old, new))
    ended = call("check", "several.yaml")
    assert (ended.code, ended.out, ended.err) == (2, "", f"nettrain: error: {line}\n")


def test_without_the_key_several_labels_are_an_error_at_their_lines(here: Path, call: Call) -> None:
    text = CONFIG.replace("  labels: several\n", "").replace(", auroc", "").replace("big: 2, even: 1, round: 1", "a: 1")
    written(here, "several.yaml", text)
    ended = call("check", "several.yaml")
    assert ended.code == 3
    first, *_, last = ended.err.splitlines()
    place = here / "labels.csv"
    assert first == f"nettrain: error: {place}:2:1: 2 labels, 'even|round'; expected one, or data.labels: several"
    assert last.startswith("nettrain: error: and ")
