"""docs/training.md names every part of a training, and what it shows can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import MLP
from training.setting_up import document_of

from nettrain.config.forms import keys_of
from nettrain.training.config import TrainConfig

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_every_key_is_named() -> None:
    for key in keys_of(TrainConfig).keys() - {"threads", "max_time"}:
        assert re.search(rf"\b{key}\b", PAGE), key


@pytest.mark.parametrize("block", BLOCKS)
def test_what_is_shown_can_be_read(block: str) -> None:
    text = MLP.format(data="x")
    whole, found = (r"^model:\n(  .*\n)+", "model") if block.startswith("model") else (r"^train:.*\n", "train")
    changed = re.sub(whole, block, text, flags=re.MULTILINE)
    assert changed != text
    assert getattr(document_of(changed, Path("/")).config, found)
