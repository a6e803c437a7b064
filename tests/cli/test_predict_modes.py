"""``nettrain predict`` for scripts: rows that admit doubt, pictures that a CSV lists, and answers line by line."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import NETTRAIN, Ended, one_of_each, process, rows

Call = Callable[..., Ended]


@pytest.fixture
def here(tmp_path: Path, finished: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a finished run, pictures of four digits, and one that cannot be used."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "runs/cnn")
    one_of_each(small, Path("pictures"))
    Path("bad.png").write_bytes(b"no picture")
    return tmp_path


def confidences(call: Call) -> list[float]:
    return [row["confidence"] for row in rows(call("predict", "pictures").out)]


def test_below_the_least_confidence_the_label_is_null(here: Path, call: Call) -> None:
    plain = rows(call("predict", "pictures", "bad.png").out)
    least = sorted(confidences(call))[2]  # as printed, so the third is just sure enough
    ended = call("predict", "pictures", "bad.png", "--min-confidence", repr(least))
    assert ended.code == 3
    assert f"nettrain: note: 2 of 5 pictures are unsure: no class has {least:g}\n" in ended.err
    for row, before in zip(rows(ended.out), plain, strict=True):
        unsure = row.pop("unsure")
        if before["error"] is not None:
            assert unsure is None
            assert row == before
        elif before["confidence"] < least:
            assert unsure is True
            assert row == {**before, "label": None, "index": None}
        else:
            assert unsure is False
            assert row == before


def test_csv_and_table_say_unsure_too(here: Path, call: Call) -> None:
    least = repr(sorted(confidences(call))[1])
    found = list(csv.DictReader(io.StringIO(call("predict", "pictures", "bad.png", "--format", "csv", "--all").out)))
    doubted = list(
        csv.DictReader(
            io.StringIO(
                call("predict", "pictures", "bad.png", "--format", "csv", "--all", "--min-confidence", least).out
            )
        )
    )
    assert list(doubted[0])[:6] == ["path", "label", "confidence", "index", "error", "unsure"]
    assert [row["unsure"] for row in doubted] == [
        *(str(int(float(r["confidence"]) < float(least))) for r in found[:4]),
        "",
    ]
    assert [row["label"] for row in doubted] == [
        "" if row["confidence"] and float(row["confidence"]) < float(least) else row["label"] for row in found
    ]
    lines = call("predict", "pictures", "--format", "table", "--min-confidence", least).out.splitlines()
    assert sum(line.endswith("  unsure") for line in lines) == 1


def test_nothing_is_said_where_every_picture_is_sure(here: Path, call: Call) -> None:
    ended = call("predict", "pictures", "--min-confidence", "0")
    assert (ended.code, ended.err) == (0, "nettrain: using runs/cnn\n")
    assert [row["unsure"] for row in rows(ended.out)] == [False] * 4


def test_pictures_that_a_csv_lists(here: Path, call: Call) -> None:
    Path("lists").mkdir()
    Path("lists/a.csv").write_text('\ufefffile,note\n../pictures/2.png,"two, I think"\n\n../pictures/0.png,\n')
    ended = call("predict", "--from-column", "file", "lists/a.csv")
    found = rows(ended.out)
    assert [row["path"] for row in found] == ["lists/../pictures/2.png", "lists/../pictures/0.png"]
    assert [row["confidence"] for row in found] == [confidences(call)[2], confidences(call)[0]]


def test_a_csv_on_stdin_is_relative_to_the_current_folder(here: Path) -> None:
    ended = process("predict", "--from-column", "file", "-", cwd=here, stdin=b"file\npictures/1.png\n\xff.png\n")
    assert ended.code == 3
    one, two = rows(ended.out)
    assert (one["path"], one["error"]) == ("pictures/1.png", None)
    assert (two["path_b64"], two["error"]) == ("/y5wbmc=", "no such file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path\na.png\n", "list.csv:1: the column 'file' is nowhere in the first line, which names: path"),
        ("file,file\na,b\n", "list.csv:1: the column 'file' is twice in the first line, which names: file, file"),
        ("", "list.csv:1: the column 'file' is nowhere in the first line, which names: nothing"),
        ("file,n\na.png\n", "list.csv:2: expected 2 cells, as in the first line, got 1"),
        ("file,n\n,7\n", "list.csv:2: the cell of the column 'file' is empty; expected a path"),
        ('file\n"a.png\n', "list.csv:2: is not CSV: unexpected end of data"),
        (None, "list.csv: cannot be read: No such file or directory"),
    ],
)
def test_a_bad_list_is_one_line_with_its_place(here: Path, call: Call, text: str | None, message: str) -> None:
    if text is not None:
        Path("list.csv").write_text(text)
    ended = call("predict", "--from-column", "file", "list.csv", "--model", "runs/cnn")
    assert (ended.code, ended.out, ended.err) == (3, "", f"nettrain: error: {message}\n")


def test_a_stream_answers_each_line_before_the_next_is_asked(here: Path) -> None:
    whole = rows(process("predict", "pictures", "bad.png", "--all", cwd=here).out)
    command = [*NETTRAIN, "predict", "--stream", "--all", "--model", "runs/cnn"]
    child = subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    for row in whole:
        child.stdin.write(os.fsencode(row["path"]) + b"\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline()) == row  # to the last bit, though it came alone
    out, err = child.communicate()
    assert (child.returncode, out) == (3, b"")
    assert err == b"nettrain: error: 1 of the files could not be used; their rows say why\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected at least one PATH: a file, a folder, a pattern, or - for paths on stdin"),
        (["a.png", "--min-confidence", "nan"], "--min-confidence: expected a number from 0 to 1, got nan"),
        (["--stream", "a.png"], "--stream answers paths on stdin, on stdout, as jsonl or csv; leave PATH out"),
        (
            ["--stream", "-o", "f", "--from-column", "c"],
            "--stream answers paths on stdin, on stdout, as jsonl or csv; leave --from-column and --output out",
        ),
        (
            ["--from-column", "file", "-0", "-"],
            "-0 is for plain paths on stdin; with --from-column they are lines of CSV",
        ),
    ],
)
def test_options_that_cannot_be_meant_together(here: Path, call: Call, arguments: list[str], message: str) -> None:
    ended = call("predict", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"nettrain: error: {message}; see 'nettrain predict --help'\n"
