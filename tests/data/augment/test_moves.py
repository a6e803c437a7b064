"""Rotation, affine, perspective and parts: what they draw, over many draws."""

from __future__ import annotations

import numpy as np
import pytest
from augment_cases import draw, noise, photos

from nettrain.data.augment.geometry import affine_maps, are_convex
from nettrain.data.augment.random_affine import RandomAffineConfig, random_affine
from nettrain.data.augment.random_perspective import RandomPerspectiveConfig, new_corners, random_perspective
from nettrain.data.augment.random_resized_crop import RandomResizedCropConfig, boxes, random_resized_crop
from nettrain.data.augment.random_rotation import RandomRotationConfig, random_rotation
from nettrain.data.augment.sampler import cropped, transformed


def uniform(values: np.ndarray, low: float, high: float) -> None:
    """Spread evenly over [low, high): the largest gap to the straight line is below what chance makes of it."""
    ordered = np.sort(values)
    assert low <= ordered[0] <= ordered[-1] <= high
    line = low + (high - low) * (np.arange(len(values)) + 0.5) / len(values)
    assert np.abs(ordered - line).max() < 2.2 * (high - low) / np.sqrt(len(values))  # Kolmogorov's law: 1 in 8,000


def angles_of(out: np.ndarray) -> np.ndarray:
    """By how many degrees, counter-clockwise, a light spot right of the middle was turned."""
    side = out.shape[1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    weight = out[..., 0].astype(float)
    return np.degrees(np.arctan2(-(weight * y).sum(axis=(1, 2)), (weight * x).sum(axis=(1, 2))))


def spot(n: int, side: int = 41) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    picture = 255 * np.exp(-((x - 12) ** 2 + y**2) / 8)
    return np.tile(picture.astype(np.uint8)[..., None], (n, 1, 1, 1))


def test_rotation_is_by_every_angle_of_the_range_counter_clockwise():
    uniform(angles_of(random_rotation(spot(1500), RandomRotationConfig((-20.0, 70.0)), draw(1500))), -20.3, 70.3)
    uniform(angles_of(random_rotation(spot(1500), RandomRotationConfig(30.0), draw(1500))), -30.3, 30.3)


def test_affine_turns_clockwise():
    uniform(-angles_of(random_affine(spot(1500), RandomAffineConfig((-20.0, 70.0)), draw(1500))), -20.3, 70.3)


def test_a_rotation_by_one_angle_is_that_turn_and_corners_show_the_fill():
    images = noise(5, 8, 8)
    out = random_rotation(images, RandomRotationConfig((90.0, 90.0)), draw(5))
    np.testing.assert_array_equal(out, np.rot90(images, 1, (1, 2)))
    turned = random_rotation(images, RandomRotationConfig((45.0, 45.0), (1, 2, 3)), draw(5))
    assert (turned[:, [0, 0, -1, -1], [0, -1, 0, -1]] == (1, 2, 3)).all()


def test_affine_shifts_by_whole_pixels_up_to_a_part_of_each_side():
    images = np.zeros((3000, 20, 40, 1), np.uint8)
    images[:, 10, 20] = 255
    out = random_affine(images, RandomAffineConfig(0.0, translate=(0.2, 0.1)), draw(3000))
    assert (out.max(axis=(1, 2, 3)) == 255).all()
    down, across = np.divmod(out.reshape(3000, -1).argmax(axis=1), 40)
    assert set(np.unique(across - 20)) == set(range(-8, 9))
    assert set(np.unique(down - 10)) == {-2, -1, 0, 1, 2}
    assert abs(np.corrcoef(across, down)[0, 1]) < 0.1  # chances of their own


def test_affine_is_the_map_of_its_numbers():
    images = photos(1, 30, 30)
    config = RandomAffineConfig((12.0, 12.0), scale=(1.3, 1.3), shear=(10.0, 10.0, -20.0, -20.0), fill=9)
    slant = np.tan(np.radians([10.0, -20.0]))
    numbers = [np.array([value]) for value in (12.0, 0.0, 0.0, 1.3, *slant)]
    expected = transformed(images, affine_maps((30, 30), 1, *numbers), (9, 9, 9))
    np.testing.assert_array_equal(random_affine(images, config, draw(1)), expected)


def test_a_shear_of_one_number_slants_rows_only():
    lines = np.zeros((400, 21, 21, 1), np.uint8)
    lines[:, 10, :] = 255
    out = random_affine(lines, RandomAffineConfig(0.0, shear=20.0), draw(400))
    assert (out[:, 10, 8:13] == 255).all()
    both = random_affine(lines, RandomAffineConfig(0.0, shear=(0.0, 0.0, -20.0, 20.0)), draw(400))
    assert (both[:, 10, 0] < 255).mean() > 0.8


def test_corners_move_to_the_middle_evenly_and_independently():
    config = RandomPerspectiveConfig(0.6)
    moved = new_corners((30, 50), config, draw(3000))
    old = np.array([[0, 0], [50, 0], [50, 30], [0, 30]])
    inward = np.abs(moved - old) / (np.array([50, 30]) / 2 * 0.6)
    for corner in range(4):
        for axis in range(2):
            uniform(inward[:, corner, axis], 0, 1)
    assert (np.sign(moved - old) == np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])).all()
    assert np.abs(np.corrcoef(inward.reshape(3000, 8).T) - np.eye(8)).max() < 0.1


def test_the_strongest_distortion_folds_no_picture():
    moved = new_corners((30, 50), RandomPerspectiveConfig(1.0), draw(3000))
    assert are_convex(moved).all()
    out = random_perspective(photos(200), RandomPerspectiveConfig(1.0, 1.0), draw(200))
    assert (out.max(axis=(1, 2, 3)) > 0).mean() > 0.95


def test_parts_have_every_area_and_shape_of_their_ranges():
    found = boxes((100, 100), RandomResizedCropConfig((0.1, 0.4)), draw(3000))
    left, top, right, bottom = found.T
    assert (found.min(), found.max() <= 100) == (pytest.approx(0, abs=0.2), True)
    across, down = right - left, bottom - top
    uniform(across * down / 10_000, 0.1, 0.4 + 1e-9)
    uniform(np.log(across / down), np.log(3 / 4), np.log(4 / 3))
    uniform(left / (100 - across), 0, 1)
    uniform(top / (100 - down), 0, 1)


def test_where_no_part_of_that_shape_fits_it_is_the_largest_in_the_middle():
    wide = RandomResizedCropConfig((1.0, 1.0), (2.0, 2.0))
    assert boxes((30, 30), wide, draw(1)).tolist() == [[0, 7.5, 30, 22.5]]
    assert boxes((90, 30), RandomResizedCropConfig((1.0, 1.0)), draw(1)).tolist() == [[0, 25, 30, 65]]
    assert boxes((30, 30), RandomResizedCropConfig((1.0, 1.0), (0.5, 1.0)), draw(200))[:, 1].min() == 0


def test_parts_come_at_the_size_that_is_asked_for():
    images = photos(4, 37, 37)
    config = RandomResizedCropConfig((0.3, 0.9))
    out = random_resized_crop(images, config, draw(4, size=(32, 24)))
    np.testing.assert_array_equal(out, cropped(images, boxes((37, 37), config, draw(4)), (32, 24)))
    assert random_resized_crop(images, config, draw(4)).shape == images.shape
