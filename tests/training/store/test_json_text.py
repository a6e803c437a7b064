"""JSON: one text for one value, numbers that read back to the bit, and nothing doubtful accepted."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.training.store import json_text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float32_is_the_shortest_text_that_gives_it_back(value: float) -> None:
    text = json_text.canonical(np.float32(value))
    assert np.float32(float(text)) == np.float32(value)
    assert len(significant(text)) <= len(significant(repr(value)))


def significant(text: str) -> str:
    """The digits that a number needs: 1e12 needs one, however it is written."""
    return text.lstrip("-").partition("e")[0].replace(".", "").strip("0")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float64_comes_back(value: float) -> None:
    assert float(json_text.canonical(np.float64(value))) == value


TEXTS: list[tuple[Any, str]] = [
    ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
    (np.float32(0.1), "0.1"),
    (np.float16(0.1), "0.1"),
    (np.float64(0.1), "0.1"),
    (np.float32(1e-5), "1e-05"),
    (np.float32(16777216), "16777216.0"),
    (np.int64(3), "3"),
    (np.bool_(True), "true"),
    (np.array([[1, 2]], np.uint8), "[[1,2]]"),
    ((1, 2), "[1,2]"),
    ("é\x1b\n\u202e\udcff", r'"\u00e9\u001b\n\u202e\udcff"'),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_the_canonical_text(value: Any, text: str) -> None:
    assert json_text.canonical(value) == text


def test_the_readable_texts() -> None:
    assert json_text.readable({"b": np.float32(0.1), "a": {}}) == '{\n  "a": {},\n  "b": 0.1\n}\n'
    assert json_text.by_key({"b": [[1, 2], [3, 4]], "a": None}) == '{\n  "b": [[1, 2], [3, 4]],\n  "a": null\n}\n'


@pytest.mark.parametrize("write", [json_text.canonical, json_text.readable, json_text.by_key])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("-inf")])
def test_what_is_not_finite_is_refused(write: Any, value: float) -> None:
    with pytest.raises(ValueError, match=r"^NaN or infinity$"):
        write({"loss": [value]})


def test_a_key_that_is_not_text_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^the key 1 is not text$"):
        json_text.canonical({"a": {1: 2}})


REFUSED = {
    "not JSON": ("{", "not JSON: Expecting property name enclosed in double quotes at character 1"),
    "twice": ('{"a":1,"b":2,"a":1}', "key 'a' stands twice"),
    "NaN": ("[NaN]", "NaN is not a number"),
    "infinity": ("-Infinity", "-Infinity is not a number"),
    "deep": ("[" * 65 + "]" * 65, "nested more than 64 deep"),
    "very deep": ("[" * 200_000, "nested more than 64 deep"),
    "large": ("[" + "0," * 262_144 + "0]", "262145 values; at most 262144"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_doubtful_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole message follows)
        json_text.parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [["[" * 100], {"a,b": ["},{" * 10]}, ['"' * 70 + "[" * 70], ["\\", "\\[" * 70]])
def test_brackets_inside_texts_do_not_count(value: Any) -> None:
    assert json_text.parse(json.dumps(value)) == value


@given(st.text())
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    for whole in (text, json.dumps([text])):
        try:
            json_text.parse(whole)
        except ValueError as error:
            reason = str(error)
        else:
            continue
        assert reason
