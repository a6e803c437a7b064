"""Predict's rows: the promised fields, in three formats, that read back and hold no control byte."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.cli.rows import FORMATS, Csv, Format, JsonLines, Prediction, Table
from nettrain.errors import Diverged

CLASSES = ("cat", "dög", "owl")
GOOD = Prediction("a b.png", np.array([0.1, 0.7, 0.2], np.float32))
BAD = Prediction("bad.png", error="not a picture; expected PNG or JPEG")
TIE = Prediction("tie.png", np.array([0.25, 0.5, 0.5], np.float32))

ROWS: dict[str, tuple[Format, Prediction, str]] = {
    "jsonl": (
        JsonLines(CLASSES),
        GOOD,
        '{"path":"a b.png","label":"dög","confidence":0.7,"index":1,'
        '"top":[{"label":"dög","confidence":0.7}],"error":null,"format_version":1}',
    ),
    "jsonl top": (
        JsonLines(CLASSES, top=2),
        TIE,
        '{"path":"tie.png","label":"dög","confidence":0.5,"index":1,'
        '"top":[{"label":"dög","confidence":0.5},{"label":"owl","confidence":0.5}],"error":null,"format_version":1}',
    ),
    "jsonl bad": (
        JsonLines(CLASSES),
        BAD,
        '{"path":"bad.png","label":null,"confidence":null,"index":null,"top":null,'
        '"error":"not a picture; expected PNG or JPEG","format_version":1}',
    ),
    "jsonl not UTF-8": (
        JsonLines(CLASSES),
        Prediction(b"\xe4.png", error="no \udce4"),
        r'{"path":"\\udce4.png","path_b64":"5C5wbmc=","label":null,"confidence":null,"index":null,"top":null,'
        r'"error":"no \\udce4","format_version":1}',
    ),
    "csv": (Csv(CLASSES), GOOD, "a b.png,dög,0.7,1,"),
    "csv all": (Csv(CLASSES, all=True), GOOD, "a b.png,dög,0.7,1,,0.1,0.7,0.2"),
    "csv bad": (Csv(CLASSES), BAD, "bad.png,,,,not a picture; expected PNG or JPEG"),
    "csv all bad": (Csv(CLASSES, all=True), BAD, "bad.png,,,,not a picture; expected PNG or JPEG,,,"),
    "csv not UTF-8": (Csv(CLASSES), Prediction(b"\xe4,\n", error="x"), r'"\udce4,\n",,,,x'),
    "table": (Table(CLASSES, width=9), GOOD, "a b.png    dög        0.7000"),
    "table top": (Table(CLASSES, top=2, width=4), TIE, "tie.png  dög        0.5000  owl        0.5000"),
    "table bad": (Table(CLASSES, width=9), BAD, "bad.png    error: not a picture; expected PNG or JPEG"),
    "table escapes": (
        Table(("a\x1b",), width=9),
        Prediction("\n\x07", np.ones(1, np.float32)),
        r"\n\x07     a\x1b      1.0000",
    ),
}


@pytest.mark.parametrize(("form", "found", "text"), ROWS.values(), ids=ROWS)
def test_rows(form: Format, found: Prediction, text: str) -> None:
    assert form.row(found) == text + "\n"


HEADS: dict[str, tuple[Format, str]] = {
    "jsonl": (JsonLines(CLASSES), ""),
    "csv": (Csv(CLASSES), "path,label,confidence,index,error\n"),
    "csv all": (Csv(("a", "b,\n"), all=True), 'path,label,confidence,index,error,p:a,"p:b,\\n"\n'),
    "table": (Table(CLASSES, width=9), "path       label  confidence\n"),
    "table top": (Table(CLASSES, top=2, width=9), "path       label  confidence  label  confidence\n"),
}


@pytest.mark.parametrize(("form", "text"), HEADS.values(), ids=HEADS)
def test_heads(form: Format, text: str) -> None:
    assert form.head() == text


def test_a_table_is_aligned() -> None:
    form = Table(("cat", "hippopotamus"), width=5)
    lines = [
        form.head(),
        *(form.row(Prediction(path, np.array([p, 1 - p], np.float32))) for path, p in (("a", 1), ("bbbbb", 0))),
    ]
    assert lines == [
        "path   label         confidence\n",
        "a      cat               1.0000\n",
        "bbbbb  hippopotamus      1.0000\n",
    ]


def test_all_and_more_than_there_are_name_every_class() -> None:
    for form in (JsonLines(CLASSES, all=True), JsonLines(CLASSES, top=99)):
        assert [row["label"] for row in json.loads(form.row(GOOD))["top"]] == ["dög", "owl", "cat"]
    assert Table(CLASSES, top=99).head().count("label") == 3


def test_what_is_not_finite_is_an_error() -> None:
    with pytest.raises(Diverged) as caught:
        Prediction("a\n.png", np.array([0.5, np.nan], np.float32))
    assert str(caught.value) == r"a\n.png: a probability is not finite; expected a model that has not diverged"


@pytest.mark.parametrize("name", FORMATS)
@given(path=st.binary(min_size=1), label=st.text(min_size=1), error=st.text())
def test_no_control_byte_reaches_the_output(name: str, path: bytes, label: str, error: str) -> None:
    form = FORMATS[name]((label, "b"), top=2, all=True, width=5)
    found = Prediction(path, np.array([0.75, 0.25], np.float32))
    texts = [form.head(), form.row(found), form.row(Prediction(path, error=error))]
    for text in texts:
        assert all(unicodedata.category(char) not in {"Cc", "Cf", "Cs"} for char in text.removesuffix("\n"))
        assert text.encode() or not text
    assert all(text.count("\n") == 1 for text in texts[1:])


@given(path=st.binary(min_size=1), label=st.text(st.characters(exclude_categories=["Cs"])), values=st.data())
def test_json_lines_read_back(path: bytes, label: str, values: st.DataObject) -> None:
    numbers = values.draw(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3))
    probabilities = np.array(numbers, np.float32)
    row = json.loads(JsonLines((label, "b", "c"), all=True).row(Prediction(path, probabilities)))
    assert (base64.b64decode(row["path_b64"]) if "path_b64" in row else row["path"].encode()) == path
    assert row["index"] == int(probabilities.argmax())
    assert row["label"] == (label, "b", "c")[row["index"]]
    found = np.sort(np.array([one["confidence"] for one in row["top"]], np.float32))
    assert found.tobytes() == np.sort(probabilities).tobytes()


@given(path=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), values=st.data())
def test_csv_reads_back(path: str, values: st.DataObject) -> None:
    numbers = values.draw(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=2))
    probabilities = np.array(numbers, np.float32)
    form = Csv(("a,", 'b"'), all=True)
    (row,) = csv.DictReader(io.StringIO(form.head() + form.row(Prediction(path, probabilities)), newline=""))
    assert row["path"] == path
    assert np.array([float(row["p:a,"]), float(row['p:b"'])], np.float32).tobytes() == probabilities.tobytes()
    assert (row["label"], int(row["index"])) == (("a,", 'b"')[probabilities.argmax()], probabilities.argmax())
    assert np.float32(float(row["confidence"])) == probabilities.max()


def test_a_path_is_the_same_as_bytes_and_as_text() -> None:
    for name in (b"\xe4", "ä".encode()):
        assert JsonLines(CLASSES).row(Prediction(name)) == JsonLines(CLASSES).row(Prediction(os.fsdecode(name)))
