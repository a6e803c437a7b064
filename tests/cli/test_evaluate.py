"""``nettrain evaluate``: numbers that agree with each other, with predict, and with what is written."""

from __future__ import annotations

import csv
import json
import math
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import MLP, NETTRAIN, Ended, printable, process, tree, written

Call = Callable[..., Ended]
KERNELS = [{}, {"OPENBLAS_CORETYPE": "Haswell"}] if platform.machine() == "x86_64" else [{}]


@pytest.fixture
def here(tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a finished run."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "run")
    return tmp_path


def predictions(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_object_agrees_with_the_tables(here: Path, call: Call) -> None:
    ended = call("evaluate", "run", "--json")
    assert (ended.code, ended.err) == (0, "")
    found: dict[str, Any] = json.loads(ended.out)
    assert list(found) == [
        "split",
        "n",
        "accuracy",
        "accuracy_ci95",
        "loss",
        "macro_f1",
        "top5",
        "balanced_accuracy",
        "macro_precision",
        "macro_recall",
        "log_loss",
        "auroc",
        "calibration_error",
        "per_class",
        "confusion",
        "model_sha256",
        "data_fingerprint",
        "skipped",
        "format_version",
    ]
    assert found["skipped"] == []
    assert Path("run/evaluate/test.json").read_text() == ended.out
    assert sorted(path.name for path in Path("run/evaluate").iterdir()) == [
        "confusion_test.csv",
        "per_class_test.csv",
        "predictions_test.csv",
        "test.json",
    ]
    rows = predictions(Path("run/evaluate/predictions_test.csv"))
    assert (found["split"], found["n"], len(rows)) == ("test", 50, 50)
    correct = sum(row["true"] == row["predicted"] for row in rows)
    assert found["accuracy"] == correct / 50
    assert found["loss"] == pytest.approx(math.fsum(float(row["loss"]) for row in rows) / 50)
    matrix = found["confusion"]["matrix"]
    assert sum(matrix[k][k] for k in range(10)) == correct
    assert [sum(row) for row in matrix] == [5] * 10
    low, high = found["accuracy_ci95"]
    assert low < found["accuracy"] < high


def test_the_text_says_the_same(here: Path, call: Call) -> None:
    found = json.loads(call("evaluate", "run", "--json").out)
    lines = call("eval", "run").out.splitlines()
    low, high = found["accuracy_ci95"]
    keys = ("macro_f1", "top5", "balanced_accuracy", "macro_precision", "macro_recall", "log_loss", "auroc")
    words = {"macro_f1": "macro F1", "top5": "top 5", "auroc": "AUROC"}
    assert lines[:11] == [
        "test: 50 pictures",
        f"accuracy           {found['accuracy']:.4f}  (95 % interval {low:.4f} to {high:.4f})",
        f"loss               {found['loss']:.4f} per picture",
        *(f"{words.get(key, key.replace('_', ' ')):<17}  {found[key]:.4f}" for key in (*keys, "calibration_error")),
    ]
    assert "confusion (rows true, columns predicted)" in lines
    assert len(lines) == 11 + 1 + 11 + 1 + 12
    assert call("val", "run").out.splitlines() == lines


def test_repeated_it_writes_the_same_bytes(here: Path, call: Call) -> None:
    assert call("evaluate", "run", "--threads", "1").code == 0
    before = tree(here)
    assert call("evaluate", "run", "--threads", "3").code == 0
    assert tree(here) == before


@pytest.mark.parametrize("environment", KERNELS, ids=["this processor", "Haswell"][: len(KERNELS)])
def test_rows_are_those_of_predict(here: Path, small: Path, environment: dict[str, str]) -> None:
    kernel = next(line for line in process("env", **environment).out.splitlines() if line.startswith("* blas"))
    assert environment.get("OPENBLAS_CORETYPE", "") in kernel
    assert process("evaluate", "run", **environment).code == 0
    judged = {row["path"]: row for row in predictions(Path("run/evaluate/predictions_test.csv"))}
    names = [str(small / "test" / path) for path in judged]
    together = process("predict", "-m", "run", *names, **environment)
    shuffled = process("predict", "-m", "run", *names[::-3], **environment)
    alone = process("predict", "-m", "run", names[17], **environment)
    found = [json.loads(line) for ended in (together, shuffled, alone) for line in ended.out.splitlines()]
    assert len(found) == 50 + 17 + 1
    for row in found:
        line = judged[str(Path(row["path"]).relative_to(small / "test"))]
        assert (row["label"], repr(row["confidence"])) == (line["predicted"], line["confidence"])


def test_validation_repeats_the_number_of_the_best_epoch(here: Path, call: Call) -> None:
    facts = json.loads(Path("run/run.json").read_text())["best"]
    found = json.loads(call("evaluate", "run", "--split", "val", "--json").out)
    assert facts["monitor"] == "val_accuracy"
    assert found["accuracy"] == facts["value"]
    metrics = predictions(Path("run/metrics.csv"))[facts["epoch"] - 1]
    assert repr(found["loss"]) == metrics["val_loss"]
    assert found["n"] == 40


def test_another_folder(here: Path, call: Call, small: Path) -> None:
    before = tree(small, times=True)
    test = json.loads(call("evaluate", "run", "--json").out)
    again = json.loads(call("evaluate", "run/best.safetensors", "--data", small / "test", "--json").out)
    assert again.pop("split") == "data"
    assert test.pop("split") == "test"
    assert again == test
    assert tree(small, times=True) == before
    train = json.loads(call("evaluate", "run", "--split", "train", "--json").out)
    assert train["n"] == 120


def test_without_test_pictures_it_suggests_validation(
    tmp_path: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "a.yaml", MLP.format(data=small / "train"))
    assert call("fit", "a.yaml", "--run-dir", "run", "--epochs", "1").code == 0
    line = "nettrain: error: run: the run has no test pictures; use --split val\n"
    assert call("evaluate", "run") == Ended(2, "", line)
    line = "nettrain: error: run: the run has no test pictures; expected one of train, val\n"
    assert call("evaluate", "run", "--split", "test") == Ended(2, "", line)
    assert call("evaluate", "run", "--split", "val").code == 0


def test_a_picture_that_is_gone_is_named(
    tmp_path: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(small, "data")
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    assert call("fit", "a.yaml", "--run-dir", "run", "--epochs", "1").code == 0
    lost = sorted((tmp_path / "data/test/3").iterdir())[0]
    lost.unlink()
    what = "the run was started with this picture, but it is no longer there"
    assert call("evaluate", "run") == Ended(3, "", f"nettrain: error: {lost}: {what}\n")


def test_bad_pictures_that_are_skipped_are_named(
    tmp_path: Path, call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(small, "data")
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    empty = "the file is empty (0 bytes)"
    bad = [f"data/test/3/bad-{number:02}.png" for number in range(22)]
    for path in bad:
        Path(path).touch()
    assert call("fit", "a.yaml", "--run-dir", "run", "--epochs", "1", "--set", "data.on_bad_image=skip").code == 0
    ended = call("evaluate", "run")
    assert ended.code == 0
    assert ended.err.splitlines() == [
        "nettrain: warning: 22 bad pictures skipped",
        *(f"nettrain: warning: {tmp_path}/{path}: {empty}" for path in bad[:20]),
        "nettrain: warning: and 2 more; --json lists all",
    ]
    assert ended.out.splitlines()[0] == "test: 50 pictures; 22 bad ones skipped"
    for more in (("run",), ("run/best.safetensors", "--data", "data/test")):
        found = json.loads(call("evaluate", *more, "--json").out)
        assert found["n"] == 50
        assert found["skipped"] == [{"path": path.removeprefix("data/test/"), "reason": empty} for path in bad]
    assert json.loads(Path("run/evaluate/test.json").read_text())["skipped"] == found["skipped"]
    for path in bad[1:]:
        Path(path).unlink()
    assert call("evaluate", "run/best.safetensors", "--data", "data/test").err == (
        f"nettrain: warning: 1 bad picture skipped\nnettrain: warning: {bad[0]}: {empty}\n"
    )


def test_stdout_is_the_result_alone(here: Path) -> None:
    ended = process("evaluate", "run", program=NETTRAIN)
    assert ended.err == ""
    assert printable(ended.out)


def test_a_run_that_cannot_be_written_still_shows_the_results(here: Path, call: Call) -> None:
    wanted = call("evaluate", "run", "--json").out
    shutil.rmtree("run/evaluate")
    Path("run/evaluate").touch()
    line = "run/evaluate: cannot make the folder: is there already, and is not a folder; choose another name"
    assert call("evaluate", "run", "--json") == Ended(5, wanted, f"nettrain: error: {line}\n")


def test_the_model_of_another_run_is_judged_by_the_names_of_its_classes(
    here: Path, call: Call, small: Path, tmp_path: Path
) -> None:
    """The pictures of a run, sevens called ``7`` there and ``seven`` by the model."""
    renamed = tmp_path / "renamed"
    shutil.copytree(small, renamed)
    for split in ("train", "test"):
        (renamed / split / "7").rename(renamed / split / "seven")
    written(here, "a.yaml", MLP.format(data=renamed))
    assert call("fit", "a.yaml", "--run-dir", "other", "--epochs", "1").code == 0
    shutil.copy("run/best.safetensors", "other/best.safetensors")
    what = "the classes of test do not match: missing '7'; not known to the model 'seven'"
    assert call("evaluate", "other") == Ended(3, "", f"nettrain: error: {renamed}/test: {what}\n")


def test_splits_that_share_a_folder_can_be_judged_and_resumed(here: Path, call: Call, small: Path) -> None:
    text = MLP.format(data=small).replace("{from: train, fraction: 0.25}", str(small / "test"))
    written(here, "a.yaml", text)
    assert call("fit", "a.yaml", "--run-dir", "shared").code == 0
    found = [json.loads(call("evaluate", "shared", "--split", name, "--json").out) for name in ("val", "test")]
    assert [one.pop("split") for one in found] == ["val", "test"]
    assert found[0] == found[1]
    assert call("resume", "shared", "--epochs", "3").code == 0
