"""Lines: as many pixels as fit in the first-level cache, numbers by channel along them, and exact sums."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.arrays.lines import LINE, SHORT_LINE, Array, Lines, PictureLines, zero_picture

SHAPES = {  # shape -> pixels a line
    (5, 7, 9, 3): 63,
    (2, 32, 32, 4): 1024,
    (2, 32, 32, 16): 32,
    (3, 8, 8, 64): 64,
    (3, 8, 8, 65): 8,
    (3, 2, 1000, 4): 1000,
    (3, 2, 1025, 4): 1,
    (9, 1, 1, 5): 1,
    (9, 6): 1,
    (9, LINE + 1): 1,
    (2, 3, 2, LINE + 1): 1,
    (4, 5, 6, 7, 2): 210,
    (1, 1): 1,
}
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def sums_of(piece: Array) -> Array:
    """The sum of each channel, by way of the lines."""
    lines = Lines(piece.shape)
    added = np.empty(lines.length, piece.dtype)
    lines.add_up(piece, added)
    return lines.by_channel(added)


@each_shape
def test_a_line_is_all_pixels_a_row_or_one(shape: tuple[int, ...]) -> None:
    lines = Lines(shape)
    assert lines.repeat == SHAPES[shape]
    assert lines.length == SHAPES[shape] * shape[-1]


@each_shape
def test_a_number_by_channel_meets_its_channel(shape: tuple[int, ...]) -> None:
    lines = Lines(shape)
    by_channel = np.random.default_rng(1).normal(size=shape[-1]).astype(np.float32)
    line = lines.repeated(by_channel)
    assert (line.dtype, line.shape) == (np.float32, (lines.length,))
    piece = np.zeros(shape, np.float32)
    seen = lines.of(piece)
    assert np.may_share_memory(seen, piece)
    seen += line
    assert (piece == by_channel).all()


@each_shape
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_are_those_of_float64(shape: tuple[int, ...], dtype: type) -> None:
    piece = np.random.default_rng(1).normal(3, 1, shape).astype(dtype)
    sums = sums_of(piece)
    assert (sums.dtype, sums.shape) == (np.float64, shape[-1:])
    expected = piece.astype(np.float64).reshape(-1, shape[-1]).sum(axis=0)
    np.testing.assert_allclose(sums, expected, rtol=1e-6 if dtype is np.float32 else 1e-13)


def test_a_smaller_piece_of_the_same_pictures_has_the_same_lines() -> None:
    lines = Lines((8, 4, 4, 3))
    piece = np.ones((5, 4, 4, 3), np.float32)
    assert lines.of(piece).shape == (5, 48)
    added = np.empty(48, np.float32)
    lines.add_up(piece, added)
    assert lines.by_channel(added).tolist() == [80, 80, 80]


def test_a_nan_stays_in_its_channel() -> None:
    piece = np.ones((3, 4, 4, 3), np.float32)
    piece[1, 2, 3, 1] = np.nan
    assert np.isnan(sums_of(piece)).tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_zero_picture_is_made_once_and_nobody_writes_it(dtype: type) -> None:
    zeros = zero_picture((2, 3, 4), np.dtype(dtype))
    assert zeros is zero_picture((2, 3, 4), np.dtype(dtype))
    assert (zeros.dtype, zeros.shape) == (dtype, (2, 3, 4))
    assert not zeros.any()
    with pytest.raises(ValueError, match="read-only"):
        zeros[...] = 1


@pytest.mark.parametrize(
    ("shape", "pixels"),
    {
        (5, 7, 9, 3): 63,
        (2, 32, 32, 4): 1024,
        (2, 32, 32, 16): 32,
        (3, 8, 8, 64): 8,
        (3, 2, 2, SHORT_LINE): 1,
        (3, 2, 2, SHORT_LINE - 1): 2,
        (9, 6): 1,
        (9, 1, 1, 5): 1,
    }.items(),
    ids=str,
)
def test_lines_of_pictures_with_numbers_of_their_own(shape: tuple[int, ...], pixels: int) -> None:
    lines = PictureLines(shape)
    assert (lines.repeat, lines.length) == (pixels, pixels * shape[-1])
    piece = np.random.default_rng(1).normal(3, 1, shape).astype(np.float32)
    expected = piece.astype(np.float64).reshape(shape[0], -1, shape[-1]).sum(axis=1)
    for groups in (1, shape[-1]):
        sums = lines.sums(piece, groups)
        assert sums.dtype == np.float64
        np.testing.assert_allclose(sums, expected.reshape(len(piece), groups, -1).sum(axis=2), rtol=1e-6)
    seen = lines.of(piece)
    assert np.may_share_memory(seen, piece)
    own = np.random.default_rng(2).normal(size=(shape[0], shape[-1])).astype(np.float32)
    seen[...] = 0
    seen += lines.repeated(own, np.float32)
    assert (piece == own.reshape(shape[0], *[1] * (len(shape) - 2), shape[-1])).all()
    seen[...] = lines.repeated(own[:, :1], np.float32)
    assert (piece == own[:, 0].reshape(shape[0], *[1] * (len(shape) - 1))).all()
