"""What moves pixels: turns of 90 degrees and whole shifts to the last bit, the rest between its four neighbours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from augment_cases import assert_within_a_level, by_pillow, full, noise, photos
from PIL import Image

from nettrain.data.augment.geometry import affine_maps, are_convex, perspective_maps
from nettrain.data.augment.sampler import cropped, resized, transformed

CHANNELS = pytest.mark.parametrize("channels", [1, 3, 4])


def interpolated(images: np.ndarray, maps: np.ndarray, fill: float) -> np.ndarray:
    """Bilinear sampling by the letter, pixel by pixel, in float64; where a point lies outside, the fill."""
    n, height, width, _ = images.shape
    out = np.full(images.shape, float(fill))
    for k in range(n):
        a, b, c, d, e, f, g, h = [*maps[k], *([0.0, 0.0] if maps.shape[1] == 6 else [])]
        for v in range(height):
            for u in range(width):
                q = g * (u + 0.5) + h * (v + 0.5) + 1
                x, y = (a * (u + 0.5) + b * (v + 0.5) + c) / q, (d * (u + 0.5) + e * (v + 0.5) + f) / q
                if not (0 <= x < width and 0 <= y < height):
                    continue
                left, top = math.floor(x - 0.5), math.floor(y - 0.5)
                right, below = x - 0.5 - left, y - 0.5 - top
                columns = [min(max(left + i, 0), width - 1) for i in (0, 1)]
                rows = [min(max(top + i, 0), height - 1) for i in (0, 1)]
                p = images[k].astype(float)
                upper = p[rows[0], columns[0]] * (1 - right) + p[rows[0], columns[1]] * right
                lower = p[rows[1], columns[0]] * (1 - right) + p[rows[1], columns[1]] * right
                out[k, v, u] = upper * (1 - below) + lower * below
    return out


@CHANNELS
def test_a_map_that_moves_nothing_changes_nothing(channels):
    images = noise(3, channels=channels)
    np.testing.assert_array_equal(transformed(images, affine_maps((9, 11), 3), (1,) * channels), images)
    corners = np.tile(np.array([[0.0, 0], [11, 0], [11, 9], [0, 9]]), (3, 1, 1))
    np.testing.assert_array_equal(transformed(images, perspective_maps((9, 11), corners), (1,) * channels), images)
    np.testing.assert_array_equal(resized(images, (9, 11)), images)


@CHANNELS
@pytest.mark.parametrize("side", [8, 9, 32])
def test_turns_by_right_angles_are_exact(side, channels):
    images = noise(2, side, side, channels)
    for turns in (-1, 1, 2, 3, 4):
        maps = affine_maps((side, side), 2, degrees=full(2, 90.0 * turns))
        np.testing.assert_array_equal(transformed(images, maps, (0,) * channels), np.rot90(images, -turns, (1, 2)))


def test_turns_by_right_angles_are_exact_also_where_one_side_is_longer_by_an_even_number():
    images = noise(2, 6, 10)
    turned = transformed(images, affine_maps((6, 10), 2, degrees=full(2, 90.0)), (0, 0, 0))
    np.testing.assert_array_equal(turned[:, :, 2:8], np.rot90(images[:, :, 2:8], -1, (1, 2)))
    upside_down = transformed(images[:, :5], affine_maps((5, 10), 2, degrees=full(2, 180.0)), (0, 0, 0))
    np.testing.assert_array_equal(upside_down, images[:, :5][:, ::-1, ::-1])


def test_between_pixels_levels_are_cut_off_and_of_parts_they_are_rounded():
    images = np.array([100, 125], np.uint8).reshape(1, 1, 2, 1)
    assert transformed(images, affine_maps((1, 2), 1, shift_x=full(1, -0.998)), (0,))[0, 0, 0, 0] == 124
    assert cropped(images, np.array([[0.998, 0, 1.998, 1]]), (1, 1)).item() == 125


@CHANNELS
def test_shifts_by_whole_pixels_are_exact(channels):
    images = noise(2, channels=channels)
    fill = tuple(range(20, 20 + channels))
    maps = affine_maps((9, 11), 2, shift_x=np.array([3.0, -2.0]), shift_y=np.array([-1.0, 4.0]))
    out = transformed(images, maps, fill)
    np.testing.assert_array_equal(out[0, :8, 3:], images[0, 1:, :8])
    np.testing.assert_array_equal(out[1, 4:, :9], images[1, :5, 2:])
    assert (out[0, 8] == fill).all()
    assert (out[0, :, :3] == fill).all()
    assert (out[1, :4] == fill).all()


def test_twice_the_size_and_back_is_by_whole_pixels():
    images = noise(1, 8, 8)
    out = transformed(images, affine_maps((8, 8), 1, scale=full(1, 0.5)), (0, 0, 0))
    mean = images.astype(int).reshape(1, 4, 2, 4, 2, 3).sum(axis=(2, 4)) / 4
    assert np.abs(out[:, 2:6, 2:6] - mean).max() <= 1
    assert (out[:, :2] == 0).all()


def test_a_point_between_four_pixels_is_their_mean_by_distance():
    images = noise(6, 12, 10)
    maps = affine_maps(
        (12, 10),
        6,
        degrees=np.array([0, 17, -130, 45, 200, 5.0]),
        shift_x=np.array([0.5, 1, 0, -2, 3, 0.25]),
        shift_y=np.array([0, -3, 0.75, 0, 1, 2]),
        scale=np.array([1, 1.3, 0.7, 2, 1, 1]),
        shear_x=np.array([0, 0.1, 0, -0.3, 0, 0.6]),
        shear_y=np.array([0, 0, 0.2, 0, -0.1, 0.3]),
    )
    assert np.abs(transformed(images, maps, (50, 50, 50)) - interpolated(images, maps, 50)).max() <= 1


def test_perspective_brings_corners_to_corners():
    images = photos(3, 30, 24)
    corners = np.array(
        [
            [[2, 1], [20, 3], [24, 30], [0, 27]],
            [[0, 0], [24, 0], [18, 22], [3, 30]],
            [[4, 5], [19, 2], [22, 26], [1, 24]],
        ],
        float,
    )
    maps = perspective_maps((30, 24), corners)
    for numbers, four in zip(maps, corners, strict=True):
        a, b, c, d, e, f, g, h = numbers
        for (x, y), old in zip(four, [(0, 0), (24, 0), (24, 30), (0, 30)], strict=True):
            q = g * x + h * y + 1
            assert ((a * x + b * y + c) / q, (d * x + e * y + f) / q) == pytest.approx(old, abs=1e-9)
    assert np.abs(transformed(images, maps, (9, 9, 9)) - interpolated(images, maps, 9)).max() <= 1


def test_the_parts_of_an_affine_map_come_in_their_order():
    """Shears, then the scale, then the turn around the middle, then the shift: by matrices."""
    turn, by, sx, sy, x, y = math.radians(25), 1.4, 0.2, -0.3, 3.0, -2.0
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    forward = by * rotation @ np.array([[1, 0], [-sy, 1]]) @ np.array([[1, -sx], [0, 1]])
    (found,) = affine_maps((20, 30), 1, *(full(1, value) for value in (25.0, x, y, by, sx, sy)))
    middle = np.array([15.0, 10.0])
    for point in np.random.default_rng(1).uniform(0, 20, (10, 2)):
        old = np.linalg.solve(forward, point - middle - [x, y]) + middle
        assert found.reshape(2, 3) @ [*point, 1] == pytest.approx(old)


def test_right_angles_to_the_right():
    """A positive turn is clockwise, as seen."""
    images = np.zeros((1, 5, 5, 1), np.uint8)
    images[0, 0, 2] = 200  # the top
    out = transformed(images, affine_maps((5, 5), 1, degrees=full(1, 90.0)), (0,))
    assert out[0, 2, 4, 0] == 200  # is on the right


@CHANNELS
def test_a_part_made_smaller_is_what_pillow_makes_of_it(channels):
    images = photos(4, channels=channels)
    boxes = np.array([[0, 0, 36, 40], [3.5, 2.25, 30, 39], [10, 10, 12, 14], [0.1, 0.2, 20.3, 20.4]])
    plain = images if channels < 4 else images[..., :3]
    out = cropped(images, boxes, (12, 10))
    for k, box in enumerate(boxes.tolist()):
        expected = by_pillow(plain[k : k + 1], lambda picture, box=box: padded(picture, box))[0, :12, :10]
        np.testing.assert_array_equal(out[k, ..., :3], expected)


def padded(picture: Image.Image, box: list[float]) -> Image.Image:
    """The part at 10 across and 12 down, in a picture as large as before."""
    out = picture.copy()
    out.paste(picture.resize((10, 12), Image.Resampling.BILINEAR, box=tuple(box)), (0, 0))
    return out


def test_smaller_pictures_are_antialiased():
    """Stripes of one pixel become grey, and no pattern."""
    stripes = np.tile(np.array([0, 255], np.uint8), 32).reshape(1, 1, 64, 1).repeat(64, axis=1)
    assert_within_a_level(resized(stripes, (16, 16))[:, :, 1:-1], np.full((1, 16, 14, 1), 127))


def test_four_corners_are_convex_or_not():
    square = [[0, 0], [4, 0], [4, 4], [0, 4]]
    dented = [[3, 3], [4, 0], [4, 4], [0, 4]]
    crossed = [[0, 0], [4, 4], [4, 0], [0, 4]]
    assert are_convex(np.array([square, dented, crossed], float)).tolist() == [True, False, False]
