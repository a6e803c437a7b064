"""The clips of the example: nothing but motion tells their classes apart, and they are the same every time."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from nettrain.data.config import ImageConfig
from nettrain.data.pictures import decode
from nettrain.training.proposing.moving_shapes import CLIPS, FRAMES, PURPOSE, SIDE, WAYS, clip, moving_shapes

MANY = 400
GREY = ImageConfig((SIDE, SIDE), channels=1, frames=FRAMES)


def test_every_file_holds_its_frames_to_the_pixel() -> None:
    made = dict(moving_shapes())
    assert len(made) == len(WAYS) * sum(CLIPS.values())
    for name in ("train/left/000.gif", "test/up/024.gif"):
        split, label, file = name.split("/")
        expected = clip(f"{PURPOSE}/{split}/{label}", WAYS[label], int(file[:3]))
        np.testing.assert_array_equal(decode(made[name], GREY, name)[..., 0], expected)
    assert len(set(made.values())) == len(made)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_with_the_same_chances_the_first_and_the_last_frame_are_those_of_the_opposite_way(way: tuple[int, int]) -> None:
    for number in range(8):
        there, back = clip("x", way, number), clip("x", (-way[0], -way[1]), number)
        np.testing.assert_allclose(there[0].astype(int), back[0], atol=1)
        np.testing.assert_allclose(there[-1].astype(int), back[-1], atol=1)
        assert np.abs(there[3].astype(int) - back[3]).max() > 20


def test_no_place_and_no_frame_is_brighter_in_one_class_than_in_another() -> None:
    """The mean of each pixel of each frame differs by what chance leaves: its standard error, and a few times that."""
    clips = {label: np.stack([clip(f"law/{label}", way, n) for n in range(MANY)]) for label, way in WAYS.items()}
    for one, other in combinations(clips.values(), 2):
        a, b = (
            some - some.mean(axis=(1, 2, 3), keepdims=True) for some in (one, other)
        )  # each has a ground of its own
        distance = np.abs(a.mean(axis=0) - b.mean(axis=0)) / np.sqrt((a.var(axis=0) + b.var(axis=0)) / MANY)
        assert distance.max() < 5.5  # of 6,272 pixels
        assert np.sqrt((distance**2).mean()) < 1.3  # blots of 49 places: 1, and 3 deviations of that mean
        brightness = np.abs(one.mean() - other.mean()) / np.hypot(*(c.mean((1, 2, 3)).std() for c in (one, other)))
        assert brightness * np.sqrt(MANY) < 4


def test_a_shape_goes_two_pixels_a_frame_and_comes_in_on_the_other_side() -> None:
    for label, way in WAYS.items():
        frames = clip(f"law/{label}", way, 3).astype(int)
        moved = np.stack([np.roll(frame, (2 * way[0], 2 * way[1]), (0, 1)) for frame in frames[:-1]])
        bright = frames[1:] > 145  # the shape, and no ground
        assert (np.abs(moved - frames[1:])[bright] <= 60).all()
