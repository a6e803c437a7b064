"""Resizing against a triangle filter in float64, and what each rule of fit shows."""

from __future__ import annotations

import numpy as np
import pytest
from data.samples import config, noise, png_of, smooth

from nettrain.data.pictures import decode
from nettrain.data.resize import shrink


def triangle(size: int, out: int, start: float, length: float) -> np.ndarray:
    """Weights (out, size) of a triangle filter over ``length`` pixels from ``start``, as wide as the scale."""
    scale = length / out
    reach = max(scale, 1.0)
    centres = start + (np.arange(out) + 0.5) * scale
    weights = np.maximum(0, 1 - np.abs(np.arange(size) + 0.5 - centres[:, None]) / reach)
    return weights / weights.sum(axis=1, keepdims=True)


def reference(pixels: np.ndarray, height: int, width: int, box: tuple[float, float, float, float]) -> np.ndarray:
    top, left, down, across = box
    rows = triangle(pixels.shape[0], height, top, down)
    columns = triangle(pixels.shape[1], width, left, across)
    return np.einsum("ph,hwc,qw->pqc", rows, pixels.astype(float), columns)


SIZES = [
    (5, 7, 12, 9),
    (40, 30, 8, 8),
    (33, 47, 10, 31),
    (16, 16, 16, 16),
    (1, 1, 4, 4),
    (100, 3, 2, 9),
    (9, 200, 9, 5),
]


@pytest.mark.parametrize(("down", "across", "height", "width"), SIZES)
def test_stretch_is_a_triangle_filter(down, across, height, width):
    pixels = noise(down, across)
    got = decode(png_of(pixels), config(height, width), "x")
    assert np.abs(got - reference(pixels, height, width, (0, 0, down, across))).max() <= 1.0


@pytest.mark.parametrize(("down", "across", "height", "width"), SIZES)
def test_crop_takes_the_largest_middle_part(down, across, height, width):
    pixels = noise(down, across)
    part_h = min(down, across * height / width)
    part_w = part_h * width / height
    box = ((down - part_h) / 2, (across - part_w) / 2, part_h, part_w)
    got = decode(png_of(pixels), config(height, width, fit="crop"), "x")
    assert np.abs(got - reference(pixels, height, width, box)).max() <= 1.0


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("source", [1, 3])
def test_pad_shows_the_whole_picture_on_the_background(source, channels):
    pixels = noise(6, 3, source)
    got = decode(png_of(pixels), config(6, 8, fit="pad", channels=channels, background=(255, 0, 0)), "x")
    inner = decode(png_of(pixels), config(6, 3, channels=channels), "x")
    np.testing.assert_array_equal(got[:, 2:5], inner)
    outside = {1: [76], 3: [255, 0, 0], 4: [255, 0, 0, 0]}[channels]  # 76 is 0.299 of 255
    assert (got[:, [0, 1, 5, 6, 7]] == outside).all()


@pytest.mark.parametrize(
    ("down", "across", "rows", "columns"), [(10, 10, 8, 8), (1, 100, 1, 8), (100, 1, 8, 1), (4, 3, 8, 6)]
)
def test_pad_keeps_the_shape_to_the_nearest_pixel(down, across, rows, columns):
    got = decode(png_of(np.zeros((down, across), np.uint8)), config(8, fit="pad", channels=1), "x")[..., 0] == 0
    assert (got.any(axis=1).sum(), got.any(axis=0).sum()) == (rows, columns)


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_hidden_colour_does_not_bleed_into_four_channels(fit):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = (200, 100, 50, 255)
    pixels[:, 4:] = (0, 255, 255, 0)  # unseen
    got = decode(png_of(pixels), config(4, fit=fit, channels=4), "x")
    error = np.abs(got[..., :3].astype(int) - [200, 100, 50])
    assert (error * got[..., 3:].astype(int) / 255).max() <= 1  # a level of what is seen


@pytest.mark.parametrize(
    ("across", "down", "by"),
    [(511, 512, 4), (512, 512, 8), (5120, 512, 8), (512, 127, 1), (128, 128, 2), (127, 128, 1)],
)
def test_a_decoder_may_shrink_to_twice_the_result(across, down, by):
    assert shrink(across, down, config(32)) == by
    assert shrink(down, across, config(32)) == by


def test_a_1x1_picture_and_a_1x1_result():
    assert (decode(png_of(np.full((1, 1), 7, np.uint8)), config(5), "x") == 7).all()
    assert decode(png_of(smooth(50, 50)), config(1), "x").shape == (1, 1, 3)
