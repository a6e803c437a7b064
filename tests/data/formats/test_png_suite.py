"""PNG files of every kind there is: those that are right exact to the pixel, those that are damaged refused (G9)."""

from __future__ import annotations

import numpy as np
import png_suite
import pytest
from data.samples import config
from png_reader import read

from nettrain.data.bad_picture import BadPicture
from nettrain.data.pictures import decode

SUITE, CORRUPT = dict(png_suite.suite()), dict(png_suite.corrupt())
BACKGROUND = (10, 130, 250)


def test_there_are_as_many_kinds_as_in_the_suite_that_they_are_named_after() -> None:
    assert len(SUITE) >= 160
    assert len(CORRUPT) >= 14
    assert {name[4:8] for name in SUITE if name.startswith("bas")} == set(png_suite.KINDS)


@pytest.mark.parametrize("name", SUITE)
def test_every_pixel_is_what_an_independent_reader_finds(name: str) -> None:
    expected = read(SUITE[name]).rgba()
    height, width, _ = expected.shape
    got = decode(SUITE[name], config(height, width, channels=4), name)
    np.testing.assert_array_equal(got, expected)
    colour, alpha = expected[..., :3].astype(int), expected[..., 3:].astype(int)
    blended = (2 * (colour * alpha + np.array(BACKGROUND) * (255 - alpha)) + 255) // 510  # rounded to the nearest
    got = decode(SUITE[name], config(height, width, background=BACKGROUND), name)
    np.testing.assert_array_equal(got, blended)


@pytest.mark.parametrize("name", CORRUPT)
def test_every_damaged_file_is_refused(name: str) -> None:
    with pytest.raises(BadPicture) as caught:
        decode(CORRUPT[name], config(32), name)
    assert caught.value.lines()[0].startswith(f"nettrain: error: {name}: ")


def test_the_reader_agrees_with_the_writer() -> None:
    for kind, (colour, depth) in png_suite.KINDS.items():
        for interlace in (False, True):
            stored = read(png_suite.made(kind, 13, interlace=interlace))
            np.testing.assert_array_equal(stored.samples, png_suite.picture(13, stored.samples.shape[2], depth))
            assert stored.colour == colour
