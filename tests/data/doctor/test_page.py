"""docs/doctor.md says what the doctor finds, as the table of the code has it, and shows what it prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import ROOT, Ended, site

from nettrain.data.doctor.alike import LEAST
from nettrain.data.doctor.near import NEAR_BITS
from nettrain.data.doctor.scan import LEAST_SIDE
from nettrain.data.doctor.single import LONG, SMALL
from nettrain.data.doctor.table import FINDINGS
from nettrain.data.doctor.together import UNEVEN

PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.*?`) \| (\w+) \|", PAGE, re.MULTILINE)
COMMANDS = [line[2:] for line in PAGE.splitlines() if line.startswith("$ ")]


def test_every_kind_is_a_row_in_the_order_of_the_table() -> None:
    rows = [(name, severity) for names, severity in ROWS for name in re.findall(r"`([^`]*)`", names)]
    assert rows == [(name, kind.severity.name.lower()) for name, kind in FINDINGS.items()]


@pytest.mark.parametrize(
    "words",
    [
        f"at most {NEAR_BITS} bits apart",
        f"correlation has to be at least {LEAST}",
        f"below {LEAST_SIDE} pixels",
        f"{SMALL} times smaller than half",
        f"more than {UNEVEN} times as many",
        f"at least {LONG} times as long",
    ],
)
def test_numbers_are_those_of_the_code(words: str) -> None:
    assert words in PAGE


def test_its_commands_run_and_print_what_it_shows(
    tmp_path: Path, call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site(tmp_path))
    assert len(COMMANDS) == 3
    ended = [call(*command.split()[1:]) for command in COMMANDS]
    assert [one.code for one in ended] == [0, 0, 0]
    assert f"$ {COMMANDS[0]}\n{ended[0].out}```" in PAGE
