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
        for i in range(group.count):
            start = group.start + i * group.step
            found[group.first + i] = range(start, start + group.length)
    return found


def matrices_of(groups: tuple[Group, ...]) -> dict[int, np.ndarray]:
    return {group.first + i: group.matrix for group in groups for i in range(group.count)}


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
        assert [g.first + i for g in groups for i in range(g.count)] == list(range(strips.strips))
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


def test_inner_strips_share_a_matrix() -> None:
    """At 32 pixels: the first and the last see the padding, the two between them do not."""
    strips = strips_of(32, 32, 1)
    assert [group.count for group in strips.into] == [1, 2, 1]
    assert [group.count for group in strips.out] == [4]
