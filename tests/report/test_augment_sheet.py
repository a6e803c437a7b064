"""The sheet of augmentation: pictures of every shape have room, what is transparent shows, words are cut off."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from nettrain.report.augment_sheet import augment_sheet, captions, fitting, seen
from nettrain.training.probing.augmenting import Seen, Shown


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (32, 48), (224, 224), (300, 20), (1, 300)])
def test_pictures_of_every_shape_have_a_sheet(size: tuple[int, int], channels: int) -> None:
    pixels = seen(np.full((*size, channels), 120, np.uint8))
    after = (Seen(pixels, (("a", 1.0),)), None)
    rows = [Shown(label, "", pixels, after) for label in ("a", "a", "b" * 300, "\x1b[31m")]
    with Image.open(io.BytesIO(augment_sheet(rows, "name\n", ["random_crop"] * 30))) as sheet:
        assert max(sheet.size) < 2000
        assert sheet.width > 400


def test_what_is_transparent_shows_checks() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4, :, 3] = 255
    shown = seen(pixels)
    assert shown.shape == (112, 112, 3)
    assert (shown[:56] == 0).all()
    assert set(np.unique(shown[56:])) == {224, 255}


def test_below_a_mixed_picture_stand_its_labels() -> None:
    pixels = seen(np.zeros((8, 8, 3), np.uint8))
    heights = []
    for shares in ((("cat", 1.0),), (("cat", 0.75), ("dog", 0.25))):
        png = augment_sheet([Shown("cat", "", pixels, (Seen(pixels, shares),))], "name", ["mixup"])
        with Image.open(io.BytesIO(png)) as sheet:
            heights.append(sheet.height)
    assert heights[1] - heights[0] == 24
    assert captions((("cat", 0.75), ("d\n", 0.25))) == ["cat 0.75", "d\\n 0.25"]
    assert captions((("a", 1.0), ("b", 0.7), ("c", 0.3))) == ["a 1.00", "and 2 more"]


def test_long_words_are_cut_off_with_dots() -> None:
    font = ImageFont.load_default(13)
    assert fitting("short", 500, font) == "short"
    assert fitting("a long word", 50, font).endswith("...")
    assert font.getlength(fitting("a long word", 50, font)) <= 50
