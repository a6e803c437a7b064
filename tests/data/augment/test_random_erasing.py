"""Random erasing: rectangles of the areas, shapes and places that the paper has, painted as they are to be."""

from __future__ import annotations

import numpy as np
from augment_cases import draw, noise
from data.augment.test_moves import uniform

from nettrain.data.augment.random_erasing import RandomErasingConfig, random_erasing, rectangles


def test_only_a_rectangle_changes_and_it_has_the_value():
    images = noise(200, 20, 30)
    images[images == 0] = 1
    out = random_erasing(images, RandomErasingConfig(p=1.0, value=0), draw(200))
    found = rectangles((20, 30), RandomErasingConfig(), draw(200))
    for before, after, (top, left, tall, wide) in zip(images, out, found.tolist(), strict=True):
        expected = before.copy()
        expected[top : top + tall, left : left + wide] = 0
        np.testing.assert_array_equal(after, expected)
        assert tall > 0
        assert wide > 0


def test_areas_shapes_and_places_are_spread_over_their_ranges():
    config = RandomErasingConfig(scale=(0.05, 0.25), ratio=(0.5, 2.0))
    top, left, tall, wide = rectangles((400, 400), config, draw(3000)).T
    uniform(tall * wide / 160_000, 0.049, 0.251)
    uniform(np.log(tall / wide), np.log(0.49), np.log(2.04))
    uniform(top / (400 - tall), 0, 1)
    uniform(left / (400 - wide), 0, 1)


def test_a_value_a_channel_and_levels_by_chance():
    images = np.full((300, 12, 12, 4), 77, np.uint8)
    out = random_erasing(images, RandomErasingConfig(p=1.0, value=(1, 2, 3, 4)), draw(300))
    assert {tuple(pixel) for pixel in np.unique(out.reshape(-1, 4), axis=0)} == {(1, 2, 3, 4), (77, 77, 77, 77)}
    out = random_erasing(images, RandomErasingConfig(p=1.0, scale=(0.3, 0.33), value="random"), draw(300))
    levels = out[out != 77]
    counts = np.bincount(levels, minlength=256)
    assert counts[77] == 0
    expected = len(levels) / 255
    assert (((counts - expected) ** 2 / expected).sum() - expected) < 255 + 5 * np.sqrt(2 * 255)  # chi squared
    assert (random_erasing(images[:40], RandomErasingConfig(p=1.0, value="random"), draw(40))[..., 0]).std() > 0


def test_where_no_rectangle_fits_the_picture_stays():
    images = noise(20, 4, 40)
    config = RandomErasingConfig(p=1.0, scale=(0.9, 1.0), ratio=(1.0, 1.0))
    np.testing.assert_array_equal(random_erasing(images, config, draw(20)), images)
