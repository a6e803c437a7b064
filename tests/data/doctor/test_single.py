"""What the reason for a bad picture says of it."""

from __future__ import annotations

import pytest

from nettrain.data.doctor.single import ends_early


@pytest.mark.parametrize(
    ("reason", "early"),
    [
        ("cut off: the PNG file has no end chunk (IEND)", True),
        ("frame 1.png: cut off in its IDAT chunk", True),
        ("in the archive it is cut off: 7 of 9 bytes are there", True),
        ("its file is cut off: 7 of 9 bytes are there", True),
        ("damaged or cut off; the PNG decoder says: broken", False),
        ("damaged: a wrong checksum", False),
    ],
)
def test_a_picture_that_ends_early_is_told_by_its_reason(reason: str, early: bool) -> None:
    assert ends_early(reason) == early
