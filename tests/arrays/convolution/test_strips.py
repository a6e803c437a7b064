"""One axis in strips: together their matrices are a padded correlation; each place is made once, each pixel is read."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nettrain.arrays.convolution.strips import Group, Strips, strips_of
from nettrain.arrays.convolution.toom_cook import OUTPUTS, POINTS_IN_ALL, TAPS, matrices

AXES = [
    (pixels, pixels + 2 * pad - 2, pad)
    for pixels, pad in product([*range(1, 20), 28, 31, 32, 33, 56, 224], range(3))
    if pixels + 2 * pad > 2
]
each_axis = pytest.mark.parametrize("axis", AXES, ids=str)


def spans(groups: tuple[Group, ...]) -> dict[int, range]:
    """For each strip, the pixels or places that it has to do with."""
    found = {}
    for group in groups:
        for i, strip in enumerate(numbers(group)):
            start = group.start + i * group.step
            found[strip] = range(start, start + group.length)
    return dict(sorted(found.items()))


def numbers(group: Group) -> range:
    """Which strips a group has."""
    return range(group.strips.start, group.strips.stop, group.strips.step)


def matrices_of(groups: tuple[Group, ...]) -> dict[int, np.ndarray]:
    """The matrix of each strip: its own, or the one that a group has for all."""
    return {
        strip: group.matrices[i % len(group.matrices)] for group in groups for i, strip in enumerate(numbers(group))
    }


def correlated(strips: Strips, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The correlation of an axis, strip by strip; what no strip makes is NaN."""
    _, G, _ = matrices()
    into, out = matrices_of(strips.into), matrices_of(strips.out)
    y = np.full(strips.places, np.nan)
    for strip, pixels in spans(strips.into).items():
        points = (into[strip] @ x[pixels]).reshape(POINTS_IN_ALL, strips.tiles)
        y[spans(strips.out)[strip]] = out[strip] @ (points * (G @ w)[:, None]).reshape(-1)
    return y


@each_axis
def test_strips_together_are_a_padded_correlation(axis: tuple[int, int, int]) -> None:
    pixels, _, pad = axis
    random = np.random.default_rng(1)
    x, w = random.normal(size=pixels), random.normal(size=TAPS)
    expected = np.correlate(np.pad(x, pad), w)
    np.testing.assert_allclose(correlated(strips_of(*axis), x, w), expected, rtol=0, atol=1e-12)


@each_axis
def test_spread_is_the_transpose_of_out(axis: tuple[int, int, int]) -> None:
    strips = strips_of(*axis)
    out, spread = matrices_of(strips.out), matrices_of(strips.spread)
    assert spans(strips.out) == spans(strips.spread)
    for strip in range(strips.strips):
        assert (spread[strip] == out[strip].T).all()


@each_axis
def test_every_strip_is_in_one_group_every_place_in_one_strip_and_every_pixel_is_read(
    axis: tuple[int, int, int],
) -> None:
    pixels, places, _ = axis
    strips = strips_of(*axis)
    for groups in (strips.into, strips.out, strips.spread):
        assert sorted(strip for group in groups for strip in numbers(group)) == list(range(strips.strips))
        assert all(group.count == len(numbers(group)) for group in groups)
    assert [place for strip in spans(strips.out).values() for place in strip] == list(range(places))
    assert {pixel for strip in spans(strips.into).values() for pixel in strip} == set(range(pixels))


@pytest.mark.parametrize(
    ("places", "tiles", "strips"),
    [(1, 1, 1), (4, 1, 1), (5, 2, 1), (8, 2, 1), (12, 3, 1), (13, 2, 2), (32, 2, 4), (33, 2, 5)],
)
def test_a_strip_has_two_tiles_but_a_short_axis_is_one(places: int, tiles: int, strips: int) -> None:
    found = strips_of(places, places, 1)
    assert (found.tiles, found.strips) == (tiles, strips)
    assert tiles * strips * OUTPUTS >= places


@pytest.mark.parametrize(
    ("pixels", "groups"),
    [
        (8, [(1, 1)]),
        (16, [(2, 2)]),  # each end has its own padding, and two windows are always equally far apart
        (32, [(2, 2), (2, 1)]),  # the ends, and the two between them, which see no padding
        (64, [(2, 2), (6, 1)]),
    ],
)
def test_few_products_transform_an_axis(pixels: int, groups: list[tuple[int, int]]) -> None:
    """Of each group: how many strips, and how many matrices."""
    strips = strips_of(pixels, pixels, 1)
    assert [(group.count, len(group.matrices)) for group in strips.into] == groups
    assert [(group.count, len(group.matrices)) for group in strips.out] == [(pixels // 8, 1)]


@each_axis
def test_every_window_is_as_long_as_the_others_and_lies_in_the_picture(axis: tuple[int, int, int]) -> None:
    strips = strips_of(*axis)
    windows = spans(strips.into).values()
    assert len({len(window) for window in windows}) == 1
    assert all(window.start >= 0 and window.stop <= axis[0] for window in windows)
