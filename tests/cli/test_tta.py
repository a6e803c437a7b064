"""``--tta``: the mean over several views of a picture, the same alone and in company, and named wherever it is told."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import CNN, Ended, one_of_each, process, rows, tree, written
from PIL import Image

import nettrain

Call = Callable[..., Ended]
NOTE = "nettrain: note: probabilities are the mean over 5 views, shifted by 1 pixel (--tta)\n"


@pytest.fixture
def here(tmp_path: Path, finished: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a finished run, which has not learnt from mirrored pictures, and some pictures."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "runs/cnn")
    one_of_each(small, Path("pictures"))
    Path("pictures/bad.png").write_bytes(b"no picture")
    return tmp_path


def shifts(picture: np.ndarray) -> list[np.ndarray]:
    """A picture of 8x8 and its four shifts by a pixel, by way of a border that is the last pixel again."""
    wide = np.pad(picture, 1, mode="edge")
    return [wide[y : y + 8, x : x + 8] for y, x in ((1, 1), (0, 0), (0, 2), (2, 0), (2, 2))]


def test_a_row_is_the_mean_of_its_views_and_says_so(here: Path, call: Call) -> None:
    ended = call("predict", "pictures", "--tta", "--all", "--model", "runs/cnn")
    assert ended.code == 3
    assert ended.err.startswith(NOTE)
    found = rows(ended.out)
    assert [row["views"] for row in found] == [5] * 5
    assert found[-1]["error"] is not None
    model = nettrain.load("runs/cnn")
    for row in found[:-1]:
        expected = model.probabilities(shifts(np.asarray(Image.open(row["path"])))).astype(np.float64).mean(axis=0)
        by_label = {one["label"]: one["confidence"] for one in row["top"]}
        np.testing.assert_allclose([by_label[name] for name in model.classes], expected, rtol=1e-6)
    plain = rows(call("predict", "pictures", "--all", "--model", "runs/cnn").out)
    assert [row["confidence"] for row in plain[:4]] != [row["confidence"] for row in found[:4]]
    assert all("views" not in row for row in plain)


def test_company_makes_no_difference(here: Path, call: Call) -> None:
    whole = call("predict", "pictures", "--tta", "--all", "--model", "runs/cnn").out.splitlines()
    for place in range(4):
        alone = call("predict", f"pictures/{place}.png", "--tta", "--all", "--model", "runs/cnn")
        assert (alone.code, alone.out.splitlines()) == (0, [whole[place]])
    paths = "".join(f"pictures/{place}.png\n" for place in (2, 0)).encode()
    stream = process("predict", "--stream", "--tta", "--all", "--model", "runs/cnn", stdin=paths)
    assert stream.out.splitlines() == [whole[2], whole[0]]


def test_csv_and_table(here: Path, call: Call) -> None:
    found = list(csv.DictReader(io.StringIO(call("predict", "pictures", "--tta", "--format", "csv", "--all").out)))
    assert list(found[0])[:7] == ["path", "label", "confidence", "index", "error", "views", "p:0"]
    assert [row["views"] for row in found] == ["5"] * 5
    ended = call("predict", "pictures", "--tta", "--format", "table")
    assert NOTE in ended.err


def test_from_python_it_is_the_same(here: Path, call: Call) -> None:
    files = [f"pictures/{place}.png" for place in range(4)]
    found = rows(call("predict", *files, "--tta", "--model", "runs/cnn").out)
    model = nettrain.load("runs/cnn")
    predicted = model.predict(files, tta=True)
    assert [one.confidence for one in predicted] == [np.float32(row["confidence"]) for row in found]
    np.testing.assert_array_equal(
        model.probabilities(files, tta=True), np.stack([one.probabilities for one in predicted])
    )


def test_evaluate_has_names_of_its_own_for_it(here: Path, call: Call, small: Path) -> None:
    assert call("evaluate", "runs/cnn").code == 0
    before = tree(here / "runs/cnn/evaluate")
    ended = call("evaluate", "runs/cnn", "--tta", "--json")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert (found["split"], found["tta"]) == (
        "test",
        {"views": 5, "shift": [1, 1], "mirrored": False, "upside_down": False},
    )
    after = tree(here / "runs/cnn/evaluate")
    added = ["confusion_test-tta.csv", "per_class_test-tta.csv", "predictions_test-tta.csv", "test-tta.json"]
    assert sorted(after.keys() - before.keys()) == added
    assert {name: after[name] for name in before} == before
    assert "tta" not in json.loads(Path("runs/cnn/evaluate/test.json").read_text())
    with open("runs/cnn/evaluate/predictions_test-tta.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    predicted = rows(
        call("predict", *sorted(map(str, (small / "test").rglob("*.png"))), "--tta", "--model", "runs/cnn").out
    )
    assert [float(row["confidence"]) for row in table] == [row["confidence"] for row in predicted]
    for row in table:
        if row["true"] == row["predicted"]:
            assert float(row["loss"]) == pytest.approx(-np.log(float(row["confidence"])), rel=1e-4, abs=1e-6)
    assert found == nettrain.load("runs/cnn").evaluate(small / "test", tta=True) | {
        "split": "test", "data_fingerprint": found["data_fingerprint"]
    }  # fmt: skip
    head, *lines = call("evaluate", "runs/cnn", "--tta").out.splitlines()
    assert head == "test: 50 pictures, each in the mean over 5 views (--tta)"
    assert f"accuracy           {found['accuracy']:.4f}" in lines[0]


def test_gates_are_judged_on_what_was_asked_for(here: Path, call: Call) -> None:
    accuracies = [
        json.loads(call("evaluate", "runs/cnn", *more, "--json").out)["accuracy"] for more in ((), ("--tta",))
    ]
    gates = json.loads(call("evaluate", "runs/cnn", "--tta", "--min-accuracy", "0.01", "--json").out)["gates"]
    assert [gate["value"] for gate in gates] == accuracies[1:]


def test_compare_takes_no_notice_of_it(here: Path, call: Call) -> None:
    shutil.copytree("runs/cnn", "runs/other")
    for run in ("runs/cnn", "runs/other"):
        assert call("evaluate", run).code == 0
    before = call("compare", "runs/cnn", "runs/other").out
    assert call("evaluate", "runs/cnn", "--tta").code == 0
    assert call("compare", "runs/cnn", "runs/other").out == before


@pytest.mark.parametrize(
    ("flip", "word"),
    [
        ("random_horizontal_flip", "mirrored"),
        ("alternating_flip", "mirrored"),
        ("random_vertical_flip", "upside down"),
    ],
)
def test_a_model_that_has_learnt_from_flipped_pictures_sees_them(
    here: Path, call: Call, small: Path, flip: str, word: str
) -> None:
    text = CNN.format(data=small).replace("    - random_crop: {padding: 1}\n", f"    - {flip}\n")
    written(here, "flip.yaml", text.replace("epochs: 4", "epochs: 1"))
    assert call("fit", "flip.yaml", "--run-dir", "flipped").code == 0
    ended = call("predict", "pictures/2.png", "--tta", "--all", "--model", "flipped")
    assert (
        ended.err
        == f"nettrain: note: probabilities are the mean over 10 views, shifted by 1 pixel, and {word} (--tta)\n"
    )
    (row,) = rows(ended.out)
    assert row["views"] == 10
    picture = np.asarray(Image.open("pictures/2.png"))
    model = nettrain.load("flipped")
    views = [*shifts(picture), *shifts(picture[::-1] if word == "upside down" else picture[:, ::-1])]
    expected = model.probabilities(views).astype(np.float64).mean(axis=0)
    by_label = {one["label"]: one["confidence"] for one in row["top"]}
    np.testing.assert_allclose([by_label[name] for name in model.classes], expected, rtol=1e-6)
