"""How many pictures make a piece: by their bytes, between one and sixteen."""

from __future__ import annotations

import pytest

from nettrain.arrays.convolution import kernel


@pytest.mark.parametrize(
    ("picture_bytes", "pictures"),
    [(0, 16), (1, 16), (75_000, 16), (75_001, 15), (400_000, 3), (1_200_001, 1), (1 << 40, 1)],
)
def test_pictures_of_a_piece(picture_bytes: int, pictures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "PIECE_BYTES", 1_200_000)
    assert kernel.pictures_of(picture_bytes) == pictures
