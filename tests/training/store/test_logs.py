"""Logs: a line a fact, the same bytes every time, cut back and continued as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nettrain.errors import CheckpointError, Diverged
from nettrain.training.store.logs import CsvLog, EventLog

COLUMNS = ("epoch", "loss", "val_loss")


def test_a_table_grows_by_rows(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    with CsvLog(path, COLUMNS, 0) as log:
        log.row({"epoch": 1, "loss": np.float32(0.1), "val_loss": 1 / 3})
        log.row({"loss": 2.0, "epoch": np.int64(2)})
        log.sync()
        assert log.size == path.stat().st_size
    assert path.read_bytes() == b"epoch,loss,val_loss\n1,0.1,0.3333333333333333\n2,2.0,\n"


def test_a_cut_table_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    with CsvLog(path, COLUMNS, 0) as log:
        log.row({"epoch": 1})
        kept = log.size
        log.row({"epoch": 2})
    whole = path.read_bytes()
    path.write_bytes(whole + b"3,hal")
    with CsvLog(path, COLUMNS, kept) as log:
        log.row({"epoch": 2})
    assert path.read_bytes() == whole
    with CsvLog(path, COLUMNS) as log:
        assert log.size == len(whole)
    with CsvLog(path, COLUMNS, 0):
        assert path.read_bytes() == b"epoch,loss,val_loss\n"


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        (b"epoch,loss,val_loss\n1,2.0,\n2,0.", b"epoch,loss,val_loss\n1,2.0,\n"),
        (b"epoch,loss,val_loss\n1,2.0,\n", b"epoch,loss,val_loss\n1,2.0,\n"),
        (b"epoch,lo", b"epoch,loss,val_loss\n"),
        (b"", b"epoch,loss,val_loss\n"),
    ],
)
def test_without_a_length_only_a_torn_line_is_cut(tmp_path: Path, torn: bytes, whole: bytes) -> None:
    path = tmp_path / "timings.csv"
    path.write_bytes(torn)
    with CsvLog(path, COLUMNS) as log:
        log.row({"epoch": 3})
    assert path.read_bytes() == whole + b"3,,\n"


def test_other_columns_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"epoch,\xff\n")
    with pytest.raises(CheckpointError) as caught:
        CsvLog(path, ("epoch", "loss"))
    message = r"has the columns 'epoch,\\xff'; expected 'epoch,loss', as this run writes them"
    assert str(caught.value) == f"{path}: {message}"
    assert path.read_bytes() == b"epoch,\xff\n"


def test_an_unknown_column_is_a_slip_of_the_program(tmp_path: Path) -> None:
    with CsvLog(tmp_path / "metrics.csv", COLUMNS) as log, pytest.raises(KeyError, match="has no column los"):
        log.row({"los": 1})


def test_events_are_canonical_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path, 0) as log:
        log.event("step", step=1, loss=np.float32(2.3))
        log.event("epoch", names=["é"])
    assert path.read_bytes() == b'{"event":"step","loss":2.3,"step":1}\n{"event":"epoch","names":["\\u00e9"]}\n'


@pytest.mark.parametrize(("value", "word"), [(np.float32("nan"), "nan"), (float("-inf"), "-inf")])
def test_what_is_not_finite_is_not_logged(tmp_path: Path, value: float, word: str) -> None:
    with CsvLog(tmp_path / "metrics.csv", COLUMNS) as table, EventLog(tmp_path / "events.jsonl") as events:
        with pytest.raises(Diverged) as caught:
            table.row({"epoch": 1, "loss": value})
        assert str(caught.value) == f"loss is {word}; expected a finite number"
        with pytest.raises(Diverged) as caught:
            events.event("step", loss=value)
        assert str(caught.value) == f"loss is {word}; expected a finite number"
    assert (tmp_path / "metrics.csv").read_bytes() == b"epoch,loss,val_loss\n"
    assert (tmp_path / "events.jsonl").read_bytes() == b""
