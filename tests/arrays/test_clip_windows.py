"""Windows in time: the rules of windows along each axis, and which frame is met where, counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.windows import Padding, Window

PADDINGS: list[Padding] = ["valid", "same", "keras_same", 0, 1, 2]


def test_each_axis_has_a_rule_of_its_own() -> None:
    window = ClipWindow((2, 1, 3), (1, 2, 1), (3, 1, 2), "same")
    assert window.span == (4, 1, 5)
    assert window.pads(8, 9, 9) == ((1, 2), (0, 0), (2, 2))
    assert window.output_size(8, 9, 9) == (8, 5, 9)
    assert window.space == Window((1, 3), (2, 1), (1, 2), "same")


def test_a_window_that_fits_nowhere_says_so_with_all_sizes() -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole text follows
        ClipWindow((5, 3, 3), padding=1).output_size(2, 8, 8)
    assert str(error.value) == (
        "a window of 5x3x3 leaves nothing of a clip of 2x8x8 (4x10x10 with padding), frames first;"
        " expected a smaller window, stride or more padding"
    )


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.sampled_from(PADDINGS))
def test_every_place_meets_the_frames_that_counting_finds(
    frames: int, size: int, stride: int, dilation: int, padding: Padding
) -> None:
    window = ClipWindow((size, 1, 1), (stride, 1, 1), (dilation, 1, 1), padding)
    along = Window((size, 1), (stride, 1), (dilation, 1), padding)
    (before, after), _ = along.pads(frames, 1)
    assume(frames + before + after >= window.span[0])
    places = along.output_size(frames, 1)[0]
    for tap in range(size):
        seen = [(place, place * stride + tap * dilation - before) for place in range(places)]
        here, there = window.met(tap, frames, places)
        met = list(zip(range(places)[here], range(frames)[there], strict=True))
        assert met == [(place, frame) for place, frame in seen if 0 <= frame < frames]
