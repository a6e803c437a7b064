"""Keys whose names are the user's: read, overridden, written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest

from nettrain.config.fields import Positive, Record
from nettrain.config.json_schema import json_schema
from nettrain.config.reader import read_text
from nettrain.config.resolved import dump
from nettrain.errors import ConfigError


@dataclass(frozen=True)
class Shop(Record):
    prices: Literal["usual"] | Mapping[str, Positive] = "usual"


def read(text: str, *overrides: str) -> Shop:
    return read_text(text, "shop.yaml", Shop, {}, "/", overrides).config


def test_names_are_read_as_written_and_cannot_be_changed() -> None:
    prices = read("prices: {no: 1, 007: 2.5, 'a: b': 3}").prices
    assert not isinstance(prices, str)
    assert dict(prices) == {"no": 1, "007": 2.5, "a: b": 3}
    with pytest.raises(TypeError):
        prices["no"] = 2  # type: ignore[index]


def test_a_fixed_word_stands_beside_names() -> None:
    assert read("prices: usual") == read("{}") == Shop()


def test_they_read_back_whatever_they_are() -> None:
    shop = read('prices: {no: 1, 007: 2.5, "a: b": 3, "\\n": 4, "é": 5, "#": 6, "": 7}')
    assert read(dump(shop)) == shop


def test_one_name_can_be_overridden_or_added() -> None:
    assert read("prices: {ink: 1}", "prices.ink=2", "prices.pen=3") == read("prices: {ink: 2, pen: 3}")
    assert read("{}", "prices.pen=3") == read("prices: {pen: 3}")
    assert read("prices: {ink: 1}", "prices=usual") == Shop()


FORM = "a mapping of names, each a number above 0"
FAULTS = [
    ("prices: {ink: 0}", "shop.yaml:1:15: prices.ink: must be above 0, got 0"),
    ("prices: {ink: 1, ink: 2}", "shop.yaml:1:18: prices.ink: given twice, first at 1:10"),
    ("prices: {}", f"shop.yaml:1:9: prices: expected {FORM}, got none"),
    ("prices: [1]", f"shop.yaml:1:9: prices: expected 'usual' or {FORM}, got a list"),
    ("prices: usuel", f"shop.yaml:1:9: prices: expected 'usual' or {FORM}, got 'usuel'; did you mean 'usual'?"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_faults(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value) == message


def test_the_schema_takes_any_name() -> None:
    prices = json_schema(Shop, {}, "shop")["$defs"]["Shop"]["properties"]["prices"]
    assert prices["anyOf"][1] == {
        "type": "object",
        "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
        "minProperties": 1,
    }
