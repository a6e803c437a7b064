"""``nettrain kinds``: every kind with what it does and its settings, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from commands import Ended

from nettrain.training.config import TABLES

Call = Callable[..., Ended]
EVERY = [(table, kind) for table in TABLES for kind in TABLES[table].rows]

DROPOUT = """\
layers
  dropout  In training, numbers set to 0 at random and the others scaled up; otherwise nothing
      rate  a number of at least 0 and below 1, the bare value (required)
"""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize(("table", "kind"), EVERY)
def test_every_kind_says_in_a_line_what_it_does(table: str, kind: str) -> None:
    does = TABLES[table].does[kind]
    assert does, f"{table}: {kind}: give what carries it out a docstring"
    assert "\n" not in does
    assert not does.endswith(".")


def test_without_an_argument_every_table_and_kind_has_its_line(call: Call) -> None:
    ended = call("kinds")
    assert (ended.code, ended.err) == (0, "")
    blocks = [block.splitlines() for block in ended.out.rstrip().split("\n\n")]
    assert [block[0] for block in blocks] == list(TABLES)
    for table, *rows in blocks:
        first = [row.split()[0] for row in rows if row[2] != " "]
        assert first == list(TABLES[table].rows)


def test_a_kind_is_shown_with_its_settings(call: Call) -> None:
    assert call("kinds", "dropout") == Ended(0, DROPOUT, "")


def test_settings_inside_a_setting_follow_it(call: Call) -> None:
    lines = call("kinds", "muon").out.splitlines()
    at = lines.index("      groups                 a list, each a mapping (none)")
    assert lines[at + 1] == "      groups.N.match         text or a list, each text (required)"
    assert "      adamw.lr               a number above 0, the bare value (0.0003)" in lines


def test_a_name_of_another_tool_leads_to_the_kind(call: Call) -> None:
    ended = call("kinds", "swish")
    assert ended.code == 0
    heads = [line for line in ended.out.splitlines() if line and not line.startswith("      ")]
    assert [line.split()[0] for line in heads] == ["layers", "silu", "activations", "silu"]
    assert "      other names: swish" in ended.out.splitlines()


def test_the_name_of_one_row_leads_to_its_table(call: Call) -> None:
    for one, table in (("layer", "layers"), ("optimizer", "optimizers"), ("loss", "losses"), ("norm", "norms")):
        assert call("kinds", one) == call("kinds", table)


def test_a_table_has_all_its_kinds_with_settings(call: Call) -> None:
    text = call("kinds", "optimizers").out
    assert text.startswith("optimizers\n  sgd")
    assert "      momentum               a number of at least 0 and below 1 (0.0)\n" in text
    assert "layers" not in text.splitlines()


def test_json_has_the_same(call: Call) -> None:
    everything = json.loads(call("kinds", "--json").out)
    assert {table: list(rows) for table, rows in everything.items()} == {
        table: list(TABLES[table].rows) for table in TABLES
    }
    assert json.loads(call("kinds", "dropout", "--json").out) == {
        "layers": {
            "dropout": {
                "does": "In training, numbers set to 0 at random and the others scaled up; otherwise nothing",
                "aliases": [],
                "settings": {
                    "rate": {
                        "expects": "a number of at least 0 and below 1",
                        "required": True,
                        "default": None,
                        "short": True,
                        "aliases": ["p"],
                    }
                },
            }
        }
    }


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("layrs", "no table or kind 'layrs'; did you mean 'layers'?"),
        ("leakyrelu", "no table or kind 'leakyrelu'; did you mean 'leaky_relu'?"),
        (
            "\x1bxyz",
            f"no table or kind '\\x1bxyz'; expected one of {', '.join(TABLES)}, or a kind out of one of them;"
            " 'nettrain schema' has the keys of a config",
        ),
    ],
)
def test_an_unknown_name_is_one_line(call: Call, name: str, line: str) -> None:
    assert call("kinds", name) == Ended(2, "", f"nettrain: error: {line}; see 'nettrain kinds --help'\n")
