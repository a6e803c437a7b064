"""Blur and sharpness: sums of kernels, single points by hand, and against Pillow's own filters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from augment_cases import assert_within_a_level, by_pillow, draw, full, noise, photos
from PIL import ImageEnhance, ImageFilter

from nettrain.data.augment.filters import blurred, kernels, mirror, sharpened
from nettrain.data.augment.gaussian_blur import GaussianBlurConfig, gaussian_blur


@pytest.mark.parametrize("size", [3, 5, 11, 23])
def test_a_kernel_is_a_bell_with_the_sum_one(size):
    sigmas = np.array([0.1, 0.7, 2.0, 50.0])
    found = kernels(size, sigmas)
    assert found.sum(axis=1) == pytest.approx(np.ones(4))
    np.testing.assert_array_equal(found, found[:, ::-1])
    middle = size // 2
    assert found[2, middle + 1] / found[2, middle] == pytest.approx(math.exp(-1 / 8))
    assert found[0, middle] == pytest.approx(1)
    assert found[3] == pytest.approx(np.full(size, 1 / size), rel=0.05)


def test_a_point_becomes_its_kernel_across_and_down():
    point = np.zeros((2, 9, 9, 3), np.uint8)
    point[:, 4, 4, 1] = 255
    weights = kernels(5, np.array([0.8, 1.5]))
    out = blurred(point, weights)
    for picture, bell in zip(out, weights, strict=True):
        np.testing.assert_array_equal(picture[2:7, 2:7, 1], np.rint(255 * np.outer(bell, bell)))
        assert (picture[..., [0, 2]] == 0).all()


def test_over_the_edges_pictures_are_mirrored():
    line = np.array([-1, -1, -1, 0, 1, 2, 3, 4, -1, -1, -1], np.float32)
    mirror(line, 3)
    assert line.tolist() == [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]
    images = noise(3, 8, 9)
    weights = kernels(5, np.array([0.6, 1.0, 3.0]))
    wide = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect").astype(float)
    expected = np.zeros(images.shape)
    for k in range(3):
        for i in range(5):
            for j in range(5):
                expected[k] += weights[k, i] * weights[k, j] * wide[k, i : i + 8, j : j + 9]
    assert np.abs(blurred(images, weights) - expected).max() < 0.501


def test_blur_is_what_pillows_filter_makes_with_the_same_kernel():
    images = photos(4)
    weights = kernels(5, full(4, 1.1))
    window = ImageFilter.Kernel((5, 5), np.outer(weights[0], weights[0]).ravel().tolist(), scale=1)
    expected = by_pillow(images, lambda picture: picture.filter(window))
    assert_within_a_level(blurred(images, weights)[:, 2:-2, 2:-2], expected[:, 2:-2, 2:-2])


def test_the_narrowest_bell_changes_nothing():
    images = noise(3)
    np.testing.assert_array_equal(blurred(images, kernels(3, full(3, 0.1))), images)
    assert kernels(255, full(1, 0.01)).max() == 1


def test_widths_are_spread_over_the_range():
    """What is left of a point tells the width of its bell."""
    point = np.zeros((500, 7, 7, 1), np.uint8)
    point[:, 3, 3] = 255
    out = gaussian_blur(point, GaussianBlurConfig(5, (0.5, 2.0)), draw(500))[:, 3, 3, 0]
    ends = [255 * kernels(5, np.array([sigma]))[0, 2] ** 2 for sigma in (2.0, 0.5)]
    assert (out.min(), out.max()) == pytest.approx(ends, abs=3)
    median = 255 * kernels(5, np.array([1.25]))[0, 2] ** 2
    assert abs((out > median).mean() - 0.5) < 0.115  # about five standard deviations


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_sharpness_is_what_pillow_makes_of_it(factor, channels):
    for images in (photos(8, channels=channels), noise(4, channels=channels), noise(2, 2, 5, channels)):
        expected = by_pillow(images, lambda picture: ImageEnhance.Sharpness(picture).enhance(factor))
        assert_within_a_level(sharpened(images, full(len(images), factor)), expected)


def test_sharpness_one_changes_nothing_and_edges_stay():
    images = noise(3, channels=4)
    np.testing.assert_array_equal(sharpened(images, full(3, 1.0)), images)
    out = sharpened(images, full(3, 3.0))
    for edge in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        np.testing.assert_array_equal(out[edge], images[edge])
