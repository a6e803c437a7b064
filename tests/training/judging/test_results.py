"""The texts that evaluate leaves: whole, and the same bytes every time."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from nettrain.data.cache import Bad
from nettrain.errors import DataError, Diverged
from nettrain.training.judging import results
from nettrain.training.judging.results import Evaluation
from nettrain.training.judging.statistics import wilson_interval
from nettrain.training.store import json_text

RESULT = Evaluation(
    split="test",
    classes=("cat", "d,g", "fish", "owl"),
    paths=("cat/1.png", "cat/2\n.png", "d,g/1.png"),
    labels=np.array([0, 0, 1]),
    probabilities=np.array([[0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.3, 0.2], [0.5, 0.5, 0.0, 0.0]], np.float32),
    losses=np.array([0.25, 1.5, 0.5], np.float32),
)


def test_the_summary() -> None:
    assert results.summary(RESULT, "m" * 64, "d" * 64) == {
        "split": "test",
        "n": 3,
        "accuracy": 1 / 3,
        "accuracy_ci95": list(wilson_interval(1, 3)),
        "loss": 0.75,
        "macro_f1": 0.5 / 3,
        "per_class": [
            {"label": "cat", "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2, "auroc": 0.5},
            {"label": "d,g", "precision": None, "recall": 0.0, "f1": 0.0, "support": 1, "auroc": 1.0},
            {"label": "fish", "precision": 0.0, "recall": None, "f1": 0.0, "support": 0, "auroc": None},
            {"label": "owl", "precision": None, "recall": None, "f1": None, "support": 0, "auroc": None},
        ],
        "confusion": {
            "rows": "true",
            "columns": "predicted",
            "labels": ["cat", "d,g", "fish", "owl"],
            "matrix": [[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        },
        "model_sha256": "m" * 64,
        "data_fingerprint": "d" * 64,
        "skipped": [],
        "format_version": 1,
    }


def test_what_was_skipped_is_in_the_summary_as_it_can_be_printed() -> None:
    told = results.summary(RESULT, "m", "d", [Bad("b\x1b\udce4.png", "no such file")])["skipped"]
    assert told == [{"path": r"b\x1b\udce4.png", "reason": "no such file"}]


def test_the_json_reads_back_in_its_order() -> None:
    text = json_text.by_key(results.summary(RESULT, "m", "d"))
    assert json.loads(text) == results.summary(RESULT, "m", "d")
    assert list(json.loads(text)) == list(results.summary(RESULT, "m", "d"))
    assert text.count("\n") == 14
    assert text.isascii()


def test_the_confusion_table_says_which_way_round_it_is() -> None:
    assert results.confusion_csv(RESULT) == (
        '"rows: true class, columns: predicted",cat,"d,g",fish,owl\n'
        "cat,1,0,1,0\n"
        '"d,g",1,0,0,0\n'
        "fish,0,0,0,0\n"
        "owl,0,0,0,0\n"
    )


def test_the_per_class_table_leaves_out_what_is_undefined() -> None:
    assert results.per_class_csv(RESULT) == (
        "label,precision,recall,f1,support,auroc\n"
        'cat,0.5,0.5,0.5,2,0.5\n"d,g",,0.0,0.0,1,1.0\nfish,0.0,,0.0,0,\nowl,,,,0,\n'
    )


def test_the_predictions_table() -> None:
    assert results.predictions_csv(RESULT) == (
        "path,true,predicted,confidence,correct,loss\n"
        "cat/1.png,cat,cat,0.7,1,0.25\n"
        "cat/2\\n.png,cat,fish,0.3,0,1.5\n"
        '"d,g/1.png","d,g",cat,0.5,0,0.5\n'
    )


def test_the_predictions_read_back_to_the_bit() -> None:
    chance = np.random.default_rng(3)
    probabilities = chance.dirichlet(np.ones(4), 50).astype(np.float32)
    many = replace(
        RESULT,
        paths=tuple(map(str, range(50))),
        labels=np.zeros(50, np.int64),
        probabilities=probabilities,
        losses=-np.log(probabilities[:, 0]),
    )
    rows = list(csv.DictReader(io.StringIO(results.predictions_csv(many))))
    found = np.array([float(row["confidence"]) for row in rows], np.float32)
    assert found.tobytes() == probabilities.max(axis=1).tobytes()
    assert np.array([float(row["loss"]) for row in rows], np.float32).tobytes() == many.losses.tobytes()


def test_an_empty_split_is_an_error() -> None:
    with pytest.raises(DataError) as caught:
        replace(RESULT, paths=())
    assert str(caught.value) == "the split 'test' has no pictures; expected at least one"


@pytest.mark.parametrize(("field", "word"), [("probabilities", "probability"), ("losses", "loss")])
def test_what_is_not_finite_names_its_picture(field: str, word: str) -> None:
    values = getattr(RESULT, field).copy()
    values[1:] = np.nan
    with pytest.raises(Diverged) as caught:
        replace(RESULT, **{field: values})
    message = f"a {word} is not finite; expected a model that has not diverged"
    assert str(caught.value) == rf"cat/2\n.png: {message}"
