"""Curves of levels: by hand, and against Pillow's own operations."""

from __future__ import annotations

import numpy as np
import pytest
from augment_cases import assert_within_a_level, by_pillow, full, noise, photos
from PIL import ImageEnhance, ImageOps

from nettrain.data.augment.curves import (
    auto_contrasted,
    brightness,
    contrast,
    curved,
    equalized,
    mean_grey,
    posterized,
    solarized,
)

OPERATIONS = {
    "brightness 0.3": (lambda x: brightness(x, full(len(x), 0.3)), lambda p: ImageEnhance.Brightness(p).enhance(0.3)),
    "brightness 1.7": (lambda x: brightness(x, full(len(x), 1.7)), lambda p: ImageEnhance.Brightness(p).enhance(1.7)),
    "contrast 0": (lambda x: contrast(x, full(len(x), 0.0)), lambda p: ImageEnhance.Contrast(p).enhance(0.0)),
    "contrast 0.4": (lambda x: contrast(x, full(len(x), 0.4)), lambda p: ImageEnhance.Contrast(p).enhance(0.4)),
    "contrast 1.9": (lambda x: contrast(x, full(len(x), 1.9)), lambda p: ImageEnhance.Contrast(p).enhance(1.9)),
    "posterize 1": (lambda x: posterized(x, full(len(x), 1)), lambda p: ImageOps.posterize(p, 1)),
    "posterize 3": (lambda x: posterized(x, full(len(x), 3)), lambda p: ImageOps.posterize(p, 3)),
    "posterize 8": (lambda x: posterized(x, full(len(x), 8)), lambda p: ImageOps.posterize(p, 8)),
    "solarize 0": (lambda x: solarized(x, full(len(x), 0.0)), lambda p: ImageOps.solarize(p, 0)),
    "solarize 77": (lambda x: solarized(x, full(len(x), 77.0)), lambda p: ImageOps.solarize(p, 77)),
    "solarize 255": (lambda x: solarized(x, full(len(x), 255.0)), lambda p: ImageOps.solarize(p, 255)),
    "auto contrast": (auto_contrasted, ImageOps.autocontrast),
    "equalize": (equalized, ImageOps.equalize),
}
EXACT = ("posterize", "solarize", "equalize")


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_what_pillow_makes_of_it(name, channels):
    ours, theirs = OPERATIONS[name]
    flat = np.full((2, 40, 36, channels), 93, np.uint8)
    for images in (photos(8, channels=channels), noise(4, 40, 36, channels), flat, noise(3, 3, 5, channels)):
        out, expected = ours(images), by_pillow(images, theirs)
        if name.startswith(EXACT):
            np.testing.assert_array_equal(out, expected)
        assert_within_a_level(out, expected)


@pytest.mark.parametrize("change", [brightness, contrast], ids=["brightness", "contrast"])
def test_a_factor_of_one_changes_nothing(change):
    images = noise(5, channels=4)
    np.testing.assert_array_equal(change(images, full(5, 1.0)), images)


def test_each_picture_goes_through_its_own_curve():
    images = noise(3, channels=4)
    curves = np.random.default_rng(3).integers(0, 256, (3, 256), np.uint8)
    expected = np.stack([curve[picture] for curve, picture in zip(curves, images, strict=True)])
    expected[..., 3] = images[..., 3]
    np.testing.assert_array_equal(curved(images, curves), expected)
    of_channels = np.random.default_rng(4).integers(0, 256, (3, 3, 256), np.uint8)
    for channel in range(3):
        expected[..., channel] = np.stack([of_channels[k, channel][images[k, ..., channel]] for k in range(3)])
    np.testing.assert_array_equal(curved(images, of_channels), expected)


def test_brightness_is_a_product_rounded_and_cut_off():
    levels = np.array([0, 1, 3, 100, 170, 171, 255], np.uint8).reshape(1, 1, 7, 1)
    assert brightness(levels, full(1, 1.5)).ravel().tolist() == [0, 2, 4, 150, 255, 255, 255]
    assert brightness(levels, full(1, 0.0)).ravel().tolist() == [0] * 7


def test_contrast_is_about_the_mean_grey():
    picture = np.array([[[[100, 0, 0], [0, 100, 0], [0, 0, 100]]]], np.uint8)
    assert mean_grey(picture).tolist() == pytest.approx([100 / 3])
    assert (contrast(picture, full(1, 0.0)) == 33).all()
    assert contrast(picture, full(1, 2.0))[0, 0, 0].tolist() == [167, 0, 0]


def test_what_is_equalized_has_as_many_pixels_at_every_level():
    ramp = np.repeat(np.arange(60, 112), 50).astype(np.uint8).reshape(1, 50, 52, 1)  # 52 levels, 50 pixels each
    np.testing.assert_array_equal(equalized(ramp), 5 * (ramp - 60))  # from 0 to 255 in steps of 5
    few = np.array([[0, 0, 9]], np.uint8).reshape(1, 1, 3, 1)
    np.testing.assert_array_equal(equalized(few), few)  # fewer pixels than levels to spread them over


def test_auto_contrast_reaches_from_black_to_white_in_each_channel():
    images = photos(6)
    out = auto_contrasted(images)
    assert (out.min(axis=(1, 2)) == 0).all()
    assert (out.max(axis=(1, 2)) == 255).all()
    flat = np.full((1, 4, 4, 3), 50, np.uint8)
    np.testing.assert_array_equal(auto_contrasted(flat), flat)
