"""Every key of the config has an example in docs/examples.yaml, and every example is one that the reader takes."""

from __future__ import annotations

import pytest
from examples_of_keys import ANY, EXAMPLES, SECTIONS, config_with, examples_of, one_value, records, shown_by, wanted

from nettrain.config.fields import Record
from nettrain.config.reader import read_text
from nettrain.training.config import TABLES, Config
from nettrain.training.store import json_text

each = pytest.mark.parametrize(("where", "record"), [pytest.param(w, r, id=w or "top") for w, r in records()])


@each
def test_every_key_has_an_example(where: str, record: type[Record]) -> None:
    shown = {key.name for key in shown_by(where, record)}
    missing = sorted(set(wanted(where, record)) - shown)
    assert not missing, f"docs/examples.yaml shows nothing of {', '.join(missing)}"


@each
def test_a_required_key_stands_with_two_values(where: str, record: type[Record]) -> None:
    for name in {key.name for key in shown_by(where, record) if key.key.required and not one_value(key.key)}:
        values = [key for key in shown_by(where, record) if key.name == name]
        if len({str(key.value) for key in values}) < 2:
            pytest.fail(f"docs/examples.yaml has one value of {name}; expected two, since it cannot be left out")


@each
def test_every_example_is_read_without_a_fault(where: str, record: type[Record]) -> None:
    for example in examples_of(where):
        read_text(json_text.canonical(config_with(where, example)), "c.yaml", Config, TABLES, "/")


def test_there_is_no_example_of_what_there_is_not() -> None:
    assert set(EXAMPLES["sections"]) <= SECTIONS
    for table, kinds in EXAMPLES["kinds"].items():
        assert set(kinds) <= {ANY, *TABLES[table].rows}
