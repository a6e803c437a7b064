"""Colours: saturation and grey against Pillow's own, hue against the formula of a textbook."""

from __future__ import annotations

import colorsys
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from augment_cases import assert_within_a_level, by_pillow, draw, full, noise, photos
from PIL import ImageEnhance

from nettrain.data.augment.color_jitter import CHANGES, ColorJitterConfig, color_jitter
from nettrain.data.augment.colour import grey, hue, saturation


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.8])
def test_saturation_is_what_pillow_makes_of_it(factor):
    for images in (photos(8), noise(4)):
        expected = by_pillow(images, lambda picture: ImageEnhance.Color(picture).enhance(factor))
        assert_within_a_level(saturation(images, full(len(images), factor)), expected)


def test_grey_is_the_same_in_three_channels_and_what_pillow_calls_grey():
    images = photos(8)
    out = grey(images)
    assert (out == out[..., :1]).all()
    expected = by_pillow(images, lambda picture: picture.convert("L").convert("RGB"))
    np.testing.assert_array_equal(out, expected)
    assert grey(np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]], np.uint8))[0, 0, :, 0].tolist() == [76, 150, 29]


@pytest.mark.parametrize("change", [saturation, lambda images, ones: hue(images, ones - 1)], ids=["saturation", "hue"])
def test_without_strength_nothing_changes(change):
    for images in (noise(6, channels=4), photos(6)):
        np.testing.assert_array_equal(change(images, full(6, 1.0)), images)


def test_a_third_of_the_circle_exchanges_the_colours_and_a_sixth_makes_mixed_ones():
    images = noise(3)
    np.testing.assert_array_equal(hue(images, full(3, 1 / 3)), np.roll(images, 1, axis=3))
    np.testing.assert_array_equal(hue(images, full(3, -1 / 3)), np.roll(images, -1, axis=3))
    pure = np.array([[[[255, 0, 0], [0, 255, 0], [90, 90, 90]]]], np.uint8)
    assert hue(pure, full(1, 1 / 6))[0, 0].tolist() == [[255, 255, 0], [0, 255, 255], [90, 90, 90]]
    assert hue(pure, full(1, 0.5))[0, 0].tolist() == [[0, 255, 255], [255, 0, 255], [90, 90, 90]]


@pytest.mark.parametrize("shift", [-0.5, -0.13, 0.07, 0.4])
def test_hue_is_the_shift_of_hsv(shift):
    images = noise(1, 12, 12)
    expected = []
    for red, green, blue in images.reshape(-1, 3) / 255:
        h, s, v = colorsys.rgb_to_hsv(red, green, blue)
        expected.append(colorsys.hsv_to_rgb((h + shift) % 1, s, v))
    near = np.array(expected).reshape(images.shape) * 255
    assert np.abs(hue(images, full(1, shift)) - near).max() < 0.501


def test_jitter_of_one_kind_is_that_kind_with_factors_over_the_whole_range():
    images = np.full((4000, 1, 1, 1), 100, np.uint8)
    out = color_jitter(images, ColorJitterConfig(brightness=0.4), draw(4000)).ravel()
    assert (out.min(), out.max()) == (60, 140)
    assert abs(out.mean() - 100) < 2  # the standard deviation of a mean is 0.37
    one_way = color_jitter(images, ColorJitterConfig(brightness=(1.0, 2.0)), draw(4000)).ravel()
    assert (one_way.min(), one_way.max()) == (100, 200)


def test_jitter_takes_every_order():
    """Brighter and then more contrast is another picture than the other way round, once levels are cut off."""
    picture = np.tile(np.array([100, 150], np.uint8).reshape(1, 1, 2, 1), (400, 1, 1, 1))
    config = ColorJitterConfig(brightness=(2.0, 2.0), contrast=(2.0, 2.0))
    out = color_jitter(picture, config, draw(400)).reshape(400, 2)
    found, counts = np.unique(out, axis=0, return_counts=True)
    assert found.tolist() == [[150, 255], [172, 255]]
    assert counts.min() > 150  # of 200: five standard deviations


def test_jitter_of_four_kinds_takes_all_of_their_orders():
    strengths = {"brightness": 1.5, "contrast": 1.6, "saturation": 1.7, "hue": 0.2}
    config = ColorJitterConfig(**{name: (strength, strength) for name, strength in strengths.items()})
    picture = noise(1)
    orders = set()
    for names in permutations(strengths):
        out = picture
        for name in names:
            out = CHANGES[name](out, full(1, strengths[name]))
        orders.add(out.tobytes())
    found = Counter(out.tobytes() for out in color_jitter(np.repeat(picture, 2400, axis=0), config, draw(2400)))
    assert len(orders) == 24
    assert found.keys() == orders
    assert max(abs(count - 100) for count in found.values()) < 50  # five standard deviations
