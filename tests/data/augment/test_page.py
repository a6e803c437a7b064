"""docs/augmentation.md names every augmentation and setting, and what it shows can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import MLP
from training.setting_up import document_of

from nettrain.config.forms import keys_of
from nettrain.data.augment.mixing import MIXINGS
from nettrain.data.augment.operations import OPERATIONS
from nettrain.data.augment.table import AUGMENTATIONS

PAGE = (Path(__file__).parents[3] / "docs" / "augmentation.md").read_text(encoding="utf-8")
KINDS = {**AUGMENTATIONS, **MIXINGS}
BLOCKS = re.findall(r"```yaml\ndata:\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("kind", KINDS)
def test_every_augmentation_is_named_with_its_settings(kind: str) -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if f"`{kind}`" in line)
    for key in ["", *keys_of(KINDS[kind][0]).keys() - {"fill"}]:
        assert re.search(rf"\b{key}\b", rows), key


def test_every_operation_of_a_policy_is_named() -> None:
    for name in OPERATIONS:
        assert re.search(rf"\b{name}\b", PAGE), name


@pytest.mark.parametrize("block", BLOCKS)
def test_what_is_shown_can_be_read(block: str) -> None:
    image = "  image: {size: [8, 8], channels: 1}\n"
    text = MLP.format(data="x")
    assert image in text
    assert document_of(text.replace(image, "  image: {size: [32, 32]}\n" + block), Path("/")).config.data.augment
