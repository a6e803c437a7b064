"""Scalars by schema: each spelling that YAML readers disagree on is read as documented or refused with a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pytest
from config.sample import faults, read
from hypothesis import given
from hypothesis import strategies as st

from nettrain.config.fields import Duration, Record
from nettrain.config.reader import read_text
from nettrain.errors import ConfigError

READ = {
    "epochs": {"1": 1, "20": 20, "2147483647": 2147483647},
    "seed": {"0": 0},
    "optimizer: {sgd: {lr": {
        "1e-3": 0.001,
        "5E-4": 0.0005,
        ".5": 0.5,
        "1.": 1.0,
        "3": 3.0,
        "+0.1": 0.1,
        "1e+2": 100.0,
        "-0.0": 0.0,
        "5e-324": 5e-324,
    },
    "cache": {"true": True, "false": False},
    "name": {
        "no": "no",
        "on": "on",
        "007": "007",
        "'1e3'": "1e3",
        "true": "true",
        "2024-01-01": "2024-01-01",
        "'null'": "null",
        "''": "",
        "12:30": "12:30",
        '"\\u00e9"': "é",
    },
    "every": {
        "200 steps": Duration(200, "steps"),
        "1 step": Duration(1, "steps"),
        "1 epochs": Duration(1, "epochs"),
        "1 epoch": Duration(1, "epochs"),
        "0.5 epochs": Duration(0.5, "epochs"),
        "30 minutes": Duration(1800, "seconds"),
        "30m": Duration(1800, "seconds"),
        "2h": Duration(7200, "seconds"),
        "1.5 hours": Duration(5400, "seconds"),
        "90s": Duration(90, "seconds"),
        "'90 seconds'": Duration(90, "seconds"),
    },
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, rows in READ.items() for text in rows])
def test_a_spelling_is_read(key, text):
    config = read(f"{key}: {text}{'}}' if '{' in key else ''}").config
    value = config.optimizer.settings.lr if "{" in key else getattr(config, key)
    assert value == READ[key][text]
    assert type(value) is type(READ[key][text])


COUNT = "expected a whole number, got "
RATE = "expected a number, got "
TRUTH = "expected true or false, got "
DURATION = "expected a duration such as '200 steps', '1 epochs' or '30 minutes', got "

REFUSED = {
    "epochs": {
        "010": COUNT + "'010'; write it without leading zeros",
        "0x10": COUNT + "'0x10'; write it in decimal digits",
        "0o10": COUNT + "'0o10'; write it in decimal digits",
        "1_000": COUNT + "'1_000'; write it without underscores",
        "1.0": COUNT + "'1.0'; write it without a decimal point",
        "1.5": COUNT + "'1.5'",
        "1e3": COUNT + "'1e3'; write all its digits",
        "+5": COUNT + "'+5'; write it without a plus sign",
        '"5"': COUNT + "'5'; write it without quotes",
        "1:30": COUNT + "'1:30'",
        "true": COUNT + "'true'",
        "ten": COUNT + "'ten'",
        "''": COUNT + "''",
        "2024-01-01": COUNT + "'2024-01-01'",
        "[1]": COUNT + "a list",
        "{a: 1}": COUNT + "a mapping",
        "٣": COUNT + "'٣'",
        "": "expected a whole number of at least 1, got nothing",
        "~": "expected a whole number of at least 1, got nothing",
        "null": "expected a whole number of at least 1, got nothing",
        "0": "must be at least 1, got 0",
        "-1": "must be at least 1, got -1",
        "-0": COUNT + "'-0'",
        "2147483648": "must be at most 2147483647, got 2147483648",
        "9223372036854775808": "must be at most 2147483647, got 9223372036854775808",
        "9" * 5000: f"must be at most 2147483647, got {'9' * 57}...",
        "-" + "9" * 5000: f"expected at most 30 digits, got -{'9' * 56}...",
        "x" * 5000: COUNT + f"'{'x' * 57}...'",
    },
    "optimizer: {sgd: {lr": {
        "fast": RATE + "'fast'",
        ".nan": "expected a finite number, got '.nan'",
        ".inf": "expected a finite number, got '.inf'",
        "-.inf": "expected a finite number, got '-.inf'",
        "nan": "expected a finite number, got 'nan'",
        "1e400": "expected a finite number, got 1e400",
        "1e-400": "expected a number that a float64 can hold, got 1e-400",
        "1_000.0": RATE + "'1_000.0'; write it without underscores",
        "1:30": RATE + "'1:30'",
        "0x10": RATE + "'0x10'; write it in decimal digits",
        "'0.1'": RATE + "'0.1'; write it without quotes",
        "-1": "must be at least 0, got -1",
        "-1e-3": "must be at least 0, got -1e-3",
        "1" * 401: f"expected a number of at most 400 characters, got {'1' * 57}...",
        "e5": RATE + "'e5'",
        ".": RATE + "'.'",
        "": "expected a number of at least 0, got nothing",
    },
    "optimizer: {adam: {lr": {"0": "must be above 0, got 0"},
    "optimizer: {sgd: {lr: 1, momentum": {"1": "must be at least 0 and below 1, got 1"},
    "cache": {
        "yes": TRUTH + "'yes'; write true",
        "off": TRUTH + "'off'; write false",
        "True": TRUTH + "'True'; write it in lower case",
        "'true'": TRUTH + "'true'; write it without quotes",
        "1": TRUTH + "'1'",
        "": TRUTH + "nothing",
    },
    "name": {
        "": "expected text, got nothing",
        "null": "expected text, got nothing",
        "[a]": "expected text, got a list",
        '"\\ud800"': "expected text, got half a surrogate pair in '\\ud800'",
    },
    "every": {
        "3": DURATION + "'3'",
        "steps": DURATION + "'steps'",
        "-1 steps": DURATION + "'-1 steps'",
        "1 day": DURATION + "'1 day'",
        "1.5 steps": "expected a whole number of steps, got '1.5 steps'",
        "nan steps": DURATION + "'nan steps'",
        "1e999 steps": "expected a finite number, got 1e999",
        "1_0 steps": DURATION + "'1_0 steps'",
        "a" * 5000: DURATION + f"'{'a' * 57}...'",
    },
    "data: {channels": {
        "2": "expected 1, 3 or 4, got 2",
        "'3'": "expected 1, 3 or 4, got '3'; write it without quotes",
        "rgb": "expected 1, 3 or 4, got 'rgb'",
    },
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, rows in REFUSED.items() for text in rows])
def test_a_spelling_is_refused_with_the_reason(key, text):
    (fault,) = faults(f"{key}: {text}{'}' * key.count('{')}")
    _, _, _, rest = fault.split(":", 3)
    assert rest.partition(": ")[2] == REFUSED[key][text]


@given(st.floats(0, allow_nan=False, allow_infinity=False))
def test_the_shortest_text_of_a_number_reads_back(value):
    assert read(f"optimizer: {{sgd: {{lr: {value!r}}}}}").config.optimizer.settings.lr == value


@given(st.text(st.sampled_from("0123456789.eE+-_x:naif "), min_size=1, max_size=8))
def test_a_rate_is_finite_or_refused(text):
    key = f"optimizer: {{sgd: {{lr: {text}}}}}"
    assert faults(key) or math.isfinite(read(key).config.optimizer.settings.lr)


def test_many_names_are_listed_only_where_none_was_meant() -> None:
    @dataclass(frozen=True)
    class Watched(Record):
        monitor: Literal["loss_a", "loss_b", "loss_c", "loss_d", "loss_e", "loss_f", "loss_g", "loss_h", "accuracy"]

    for text, message in {
        "acuracy": "expected one of 9 names, got 'acuracy'; did you mean 'accuracy'?",
        "zzz": "expected 'loss_a', 'loss_b', 'loss_c', 'loss_d', 'loss_e', 'loss_f', 'loss_g', 'loss_h' or 'accuracy',"
        " got 'zzz'",
    }.items():
        with pytest.raises(ConfigError) as caught:
            read_text(f"monitor: {text}", "a.yaml", Watched, {}, "/")
        assert str(caught.value) == f"a.yaml:1:10: monitor: {message}"
