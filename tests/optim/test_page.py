"""docs/optimizers.md names every kind, and what it shows can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import MLP
from training.setting_up import document_of

from nettrain.optim.schedules.table import SCHEDULES
from nettrain.optim.table import OPTIMIZERS

PAGE = (Path(__file__).parents[2] / "docs" / "optimizers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ROWS = re.findall(r"^\| (`.*?) \| .* \| `(.*)` \|$", PAGE, re.MULTILINE)
OPTIMIZER = "optimizer: {sgd: {lr: 0.1, momentum: 0.9}}\n"


def read(optimizer: str) -> str:
    text = MLP.format(data="x")
    assert OPTIMIZER in text
    return str(document_of(text.replace(OPTIMIZER, optimizer), Path("/")).config.optimizer.kind)


def test_every_kind_is_named() -> None:
    named = re.findall(r"^\| (`.*?`) \|", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == {*OPTIMIZERS, *SCHEDULES}
    assert [kind.strip("`") for kind, _ in ROWS] == re.findall(r"^\| `(\w+)` \| [^|]* \| `", PAGE, re.MULTILINE)
    assert {kind.strip("`") for kind, _ in ROWS} == set(OPTIMIZERS)


@pytest.mark.parametrize(("kind", "settings"), ROWS)
def test_what_to_begin_with_can_be_read(kind: str, settings: str) -> None:
    kind = kind.strip("`")
    assert read(f"optimizer: {{{kind}: {{{settings.replace('{...}', '{lr: 0.1}')}}}}}\n") == kind


@pytest.mark.parametrize("block", BLOCKS)
def test_what_is_shown_can_be_read(block: str) -> None:
    assert read(block) in OPTIMIZERS
