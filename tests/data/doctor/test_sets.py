"""What is taken for the same picture in whole sets: among thousands that are like each other, next to nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import DIGITS
from data.doctor.planted import look
from PIL import Image

PICTURES = os.environ.get("CIFAR10_PICTURES", "")


def enlarged(root: Path) -> Path:
    """The digits at 32x32: 1,797 drawings of ten things, every one by another hand, each much like many others."""
    for path in sorted(DIGITS.rglob("*.png")):
        target = root / path.relative_to(DIGITS)
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as picture:
            picture.resize((32, 32), Image.Resampling.BICUBIC).save(target)
    return root


def test_hardly_any_two_digits_are_taken_for_one(tmp_path: Path) -> None:
    """Pictures as like each other as they come: five pairs of 1,797 are taken for one, and look it."""
    _, found = look(enlarged(tmp_path))
    assert {one.name for one in found} <= {"near-duplicate", "near-leak"}
    assert len(found) <= 5


@pytest.mark.skipif(not PICTURES, reason="CIFAR10_PICTURES names no folder with the 50,000 pictures, a folder a class")
def test_what_is_taken_for_the_same_among_50_000_photographs() -> None:
    """The 128 groups that hang together least were looked at: each is of one thing, from one place."""
    case, found = look(Path(PICTURES))
    assert len(case.material) == 50_000
    assert {one.name for one in found} == {"near-duplicate"}
    assert len(found) == 296
    assert sum(len(one.seen.places) for one in found) == 663
