"""Metrics in a config: what may be named, what it adds to the logs, and what decides which epoch is the best."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from commands import MLP
from training.setting_up import document_of

from nettrain.config.reader import read_text
from nettrain.errors import ConfigError
from nettrain.training.config import TABLES, Config
from nettrain.training.loop.monitors import MONITORS, best_mode
from nettrain.training.metrics.table import METRICS
from nettrain.training.probing.rehearsal import outlook
from nettrain.training.run.closing import EpochRow
from nettrain.training.run.opening import begin, named, take_up


def silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def text(data: Path, extra: str) -> str:
    return MLP.format(data=data) + extra


def test_every_metric_can_be_monitored_its_way() -> None:
    assert set(MONITORS.values) == {
        *("train_loss", "train_accuracy", "train_subset_accuracy", "val_loss"),
        *(f"val_{name}" for name in METRICS),
    }
    for name, row in METRICS.items():
        assert best_mode(f"val_{name}") == row.better
    assert (best_mode("train_loss"), best_mode("val_loss"), best_mode("train_accuracy")) == ("min", "min", "max")


FAULTS = [
    ("metrics: [top5, macro_f1, top5]", "config.yaml:12:27: metrics.2: top5 is named twice"),
    ("metrics: [top10]", "config.yaml:12:11: metrics.0: top10 is always 1 with 10 classes; leave it out"),
    (
        "metrics: [subset_accuracy]",
        "config.yaml:12:11: metrics.0: subset_accuracy is for several labels a picture, but data.labels is one; "
        "use accuracy",
    ),
    ("metrics: [macro]", "config.yaml:12:11: metrics.0: unknown metric 'macro'; did you mean 'macro_f1'?"),
    (
        "metrics: [auroc, log_loss]\nloss: binary_cross_entropy",
        "config.yaml:12:18: metrics.1: log_loss needs probabilities that add up to 1, and those of "
        "binary_cross_entropy do not; use val_loss",
    ),
    (
        "checkpoint: {monitor: val_log_loss}\nloss: bce",
        "config.yaml:12:23: checkpoint.monitor: log_loss needs probabilities that add up to 1, and those of "
        "binary_cross_entropy do not; use val_loss",
    ),
    (
        "checkpoint: {monitor: val_top10}",
        "config.yaml:12:23: checkpoint.monitor: top10 is always 1 with 10 classes; leave it out",
    ),
    (
        "checkpoint: {monitor: val_calibration_error, mode: max}",
        "config.yaml:12:52: checkpoint.mode: max would keep the worst val_calibration_error; expected min",
    ),
]


@pytest.mark.parametrize(("extra", "message"), FAULTS, ids=[extra for extra, _ in FAULTS])
def test_what_cannot_be_measured_is_said_at_its_place(small: Path, extra: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        outlook(document_of(text(small, extra + "\n"), small))
    assert str(caught.value) == message


def test_metrics_without_validation_have_no_effect(small: Path) -> None:
    whole = text(small, "metrics: [macro_f1]\n").replace("  val: {from: train, fraction: 0.25}\n", "")
    with pytest.raises(ConfigError) as caught:
        outlook(document_of(whole, small))
    assert str(caught.value) == (
        "config.yaml:11:1: metrics: there are no validation pictures to measure on; set data.val, or leave it out"
    )


def test_columns_hang_on_the_config_alone(tmp_path: Path, small: Path) -> None:
    extra = "metrics: [top3, accuracy, macro_f1]\ncheckpoint: {monitor: val_auroc}\n"
    document = named(document_of(text(small, extra), small), "config.yaml")
    assert document.config.measured == ("top3", "macro_f1", "auroc")
    run = begin(document, silent, str(tmp_path / "run"))
    rows = [fact for fact in run.go() if isinstance(fact, EpochRow)]
    table = list(csv.DictReader((tmp_path / "run/metrics.csv").read_text().splitlines()))
    head = ["epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy"]
    assert list(table[0]) == [*head, "val_top3", "val_macro_f1", "val_auroc"]
    for row, line in zip(rows, table, strict=True):
        assert row.metrics == {name: float(line[name]) for name in ("val_top3", "val_macro_f1", "val_auroc")}
        assert row.value == row.metrics["val_auroc"]
    best = max(rows, key=lambda row: row.value)
    assert [row.is_best for row in rows][-1] == (best is rows[-1])
    events = [json.loads(line) for line in (tmp_path / "run/events.jsonl").read_text().splitlines()]
    assert [event["val_auroc"] for event in events if event["event"] == "epoch"] == [row.value for row in rows]
    again = take_up(tmp_path / "run", silent)
    assert again.state.history.values == [row.value for row in rows]
    again.complete()


def test_a_monitored_number_that_is_undefined_is_empty_and_the_worst(small: Path, tmp_path: Path) -> None:
    whole = text(small, "checkpoint: {monitor: val_auroc}\n").replace("0.25}", "0.005, stratify: false}")
    run = begin(named(document_of(whole, small), "config.yaml"), silent, str(tmp_path / "run"))
    assert run.prepared.val is not None
    assert len(run.prepared.val) == 1  # of one class, so there is no other to be told from
    rows = [fact for fact in run.go() if isinstance(fact, EpochRow)]
    assert [(row.metrics, row.value, row.is_best) for row in rows] == [
        ({"val_auroc": None}, 0.0, True),
        ({"val_auroc": None}, 0.0, False),
    ]
    table = list(csv.DictReader((tmp_path / "run/metrics.csv").read_text().splitlines()))
    assert [line["val_auroc"] for line in table] == ["", ""]


def test_a_stored_config_reads_back(small: Path) -> None:
    from nettrain.config.resolved import dump

    config = document_of(text(small, "metrics: [top_5, ece]\n"), small).config
    assert [chosen.kind for chosen in config.metrics] == ["top5", "calibration_error"]
    assert read_text(dump(config), "c", Config, TABLES, "/").config == config
