"""YAML text as nodes: what YAML adds to a tree is refused with its place, and no text makes the parser crash."""

from __future__ import annotations

import time

import pytest
from config.sample import faults
from hypothesis import given, settings
from hypothesis import strategies as st

from nettrain.config.events import MAX_DEPTH
from nettrain.config.nodes import Mapping, Scalar, Sequence, parse
from nettrain.errors import Place

REFUSED = {
    "duplicate key": ("seed: 1\nseed: 2", "train.yaml:2:1: seed: given twice, first at 1:1"),
    "duplicate below": (
        "optimizer:\n  sgd:\n    lr: 1\n    lr: 2",
        "train.yaml:4:5: optimizer.sgd.lr: given twice, first at 3:5",
    ),
    "duplicate quoted": ("seed: 1\n'seed': 2", "train.yaml:2:1: seed: given twice, first at 1:1"),
    "anchor": (
        "seed: &a 1",
        "train.yaml:1:7: seed: anchors are not accepted, got '&a'; write the value out where it is used",
    ),
    "alias": ("seed: *a", "train.yaml:1:7: seed: aliases are not accepted, got '*a'; write the value out"),
    "merge": ("<<: {seed: 1}", "train.yaml:1:1: <<: merges are not accepted; write the keys out"),
    "tag": ("seed: !!int 1", "train.yaml:1:7: seed: tags are not accepted, got '!!int'; leave it out"),
    "own tag": ("seed: !x 1", "train.yaml:1:7: seed: tags are not accepted, got '!x'; leave it out"),
    "tag on top": ("!!map {seed: 1}", "train.yaml:1:1: tags are not accepted, got '!!map'; leave it out"),
    "python tag": (
        "name: !!python/object/apply:os.system ['touch x']",
        "train.yaml:1:7: name: tags are not accepted, got '!!python/object/apply:os.system'; leave it out",
    ),
    "two documents": ("seed: 1\n---\nseed: 2", "train.yaml:2:1: a second document begins here; expected one"),
    "list as key": ("[a, b]: 1", "train.yaml:1:1: a list cannot be a key; expected a name"),
    "mapping as key": ("? {a: 1}\n: 2", "train.yaml:1:3: a mapping cannot be a key; expected a name"),
    "no key": ("data:\n  ?\n  : 3", "train.yaml:2:4: data: a key is missing before the ':'"),
    "tab": ("data:\n\tchannels: 3", "train.yaml:2:1: not valid YAML: a tab cannot stand here; use spaces"),
    "two colons": (
        "name: a: b",
        "train.yaml:1:8: not valid YAML: a ':' cannot stand here; indent the line, or quote the text",
    ),
    "no colon": ("seed: 1\nname\ncache: true", "train.yaml:2:1: not valid YAML: a key without a ':'"),
    "list on the line": (
        "layers: - flatten",
        "train.yaml:1:9: not valid YAML: a '-' cannot stand here; put the list on lines of its own",
    ),
    "open list": (
        "layers: [flatten\nseed: 1",
        "train.yaml:2:5: not valid YAML: expected ',' or ']', but got ':'; the '[' is at 1:9",
    ),
    "open mapping": (
        "data: {channels: 3\n",
        "train.yaml:2:1: not valid YAML: expected ',' or '}', but got the end of the text; the '{' is at 1:7",
    ),
    "open quote": ("name: 'a\nseed: 1", "train.yaml:1:7: not valid YAML: a quote is never closed"),
    "escape": (
        'name: "C:\\q"',
        "train.yaml:1:11: not valid YAML: 'q' is no escape in double quotes; use single quotes or double the '\\'",
    ),
    "at sign": ("name: @a", "train.yaml:1:7: not valid YAML: '@' cannot begin a value; quote the text"),
    "indentation": (
        "data:\n   channels: 3\n  mean: [1]",
        "train.yaml:3:3: not valid YAML: this line does not belong to the block above; check its indentation",
    ),
    "text after": ("{seed: 1} x", "train.yaml:1:11: not valid YAML: text after the end of the document"),
    "escape of no character": (
        'name: "\\UFFFFFFFF"',
        "train.yaml:1:5: not valid YAML: OverflowError (Python int too large to convert to C int)",
    ),
    "NUL": ("name: a\0b", "train.yaml:1:8: a NUL character; a config is text (UTF-16? save it as UTF-8)"),
    "ESC": (
        "seed: 1\nname: \x1b[2J",
        "train.yaml:2:7: the control character \\x1b cannot stand in YAML; write it as an escape in double quotes",
    ),
    "surrogate": (
        "name: \ud800",
        "train.yaml:1:7: a lone surrogate \\ud800 cannot stand in YAML; write it as an escape in double quotes",
    ),
    "empty": ("", "train.yaml:1:1: expected keys and values, such as 'seed: 1', got an empty file"),
    "blank": (" \n\n", "train.yaml:1:1: expected keys and values, such as 'seed: 1', got an empty file"),
    "comments": ("# a\n# b\n", "train.yaml:1:1: expected keys and values, such as 'seed: 1', got nothing but comments"),
    "bare document": ("---\n", "train.yaml:2:1: expected keys and values, such as 'seed: 1', got nothing"),
    "null": ("~", "train.yaml:1:1: expected keys and values, such as 'seed: 1', got nothing"),
    "list on top": ("- a", "train.yaml:1:1: expected keys and values, such as 'seed: 1', got a list"),
    "text on top": ("a", "train.yaml:1:1: expected keys and values, such as 'seed: 1', got 'a'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_has_its_place_and_reason(name):
    text, fault = REFUSED[name]
    assert faults(text) == [fault]


def _alias_bomb():
    return "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20))


def _merge_bomb():
    return "a0: &a0 {x: 1}\n" + "".join(
        f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 20)
    )


LARGE = {
    "100,000 [": ("name: " + "[" * 100_000, "train.yaml:1:70: nested too deep; at most 64 levels are read"),
    "100,000 {": ("name: " + "{" * 100_000, "train.yaml:1:70: nested too deep; at most 64 levels are read"),
    "100,000 -": ("- " * 100_000, "train.yaml:1:129: nested too deep; at most 64 levels are read"),
    "100,000 ?": ("? " * 100_000, "train.yaml:1:129: nested too deep; at most 64 levels are read"),
    "many values": (
        "layers: [" + "a, " * 30_000 + "]",
        "train.yaml:1:60001: too large; at most 20000 keys and values are read",
    ),
    "long text": ("x" * 1_048_577, "train.yaml:1:1: is 1048577 characters long; at most 1048576 are read"),
    "alias bomb": (
        _alias_bomb(),
        "train.yaml:1:1: a0: unknown key; the keys are 'seed', 'name', 'data', 'layers', 'optimizer', 'epochs', "
        "'every', 'max_time', 'monitor', 'cache', 'warmup'",
    ),
    "merge bomb": (
        _merge_bomb(),
        "train.yaml:1:1: a0: unknown key; the keys are 'seed', 'name', 'data', 'layers', 'optimizer', 'epochs', "
        "'every', 'max_time', 'monitor', 'cache', 'warmup'",
    ),
    "self-reference": (
        "name: &a [*a]",
        "train.yaml:1:7: name: anchors are not accepted, got '&a'; write the value out where it is used",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_bomb_is_refused_in_a_moment(name):
    text, fault = LARGE[name]
    start = time.perf_counter()
    assert faults(text)[0] == fault
    assert time.perf_counter() - start < 10  # seconds; usual is 0.2


def test_a_depth_and_a_count_at_the_cap_are_read():
    node, refused = parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, "x")
    assert isinstance(node, Sequence)
    assert refused == []


def test_the_tree_keeps_text_quotes_and_places():
    node, refused = parse("a: [no, '007']\n\"b\": ~", "x")
    assert refused == []
    assert node == Mapping(
        (
            (
                Scalar("a", True, Place("x", 1, 1)),
                Sequence(
                    (Scalar("no", True, Place("x", 1, 5)), Scalar("007", False, Place("x", 1, 9))), Place("x", 1, 4)
                ),
            ),
            (Scalar("b", False, Place("x", 2, 1)), Scalar("~", True, Place("x", 2, 6))),
        ),
        Place("x", 1, 1),
    )


def test_json_escapes_of_a_pair_are_one_character():
    node, _ = parse('{"a":"\\ud83d\\ude00"}', "x")
    assert isinstance(node, Mapping)
    assert node.entries[0][1] == Scalar("\U0001f600", False, Place("x", 1, 6))


def test_faults_before_broken_syntax_are_reported_with_it():
    assert faults("seed: 1\nseed: 2\nname: [") == [
        "train.yaml:2:1: seed: given twice, first at 1:1",
        "train.yaml:3:8: not valid YAML: a key or a value is missing here",
    ]


@given(st.text(st.sampled_from("a1 -:[]{},&*!|>'\"%@`#?~.<\n\t\\\u2028\x85é\ud800"), max_size=60))
@settings(max_examples=400, deadline=None)
def test_no_text_raises_anything_but_config_error(text):
    assert all(line.startswith(("train.yaml:", "and ")) for line in faults(text))
