"""Pooling of clips against loops: the first of equals, padding and NaN."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from promises import Array

from nettrain.arrays import clip_pooling
from nettrain.arrays.clip_windows import ClipWindow, Triple

TRIPLE = st.tuples(*[st.integers(1, 3)] * 3)
SIZES = st.tuples(*[st.integers(1, 5)] * 3)
CORNER = ClipWindow((2, 2, 2), (2, 2, 2))


@st.composite
def pooled(draw: st.DrawFn) -> tuple[ClipWindow, Triple]:
    """A window with less padding than pixels, and a clip that it fits."""
    size = draw(TRIPLE)
    padding = draw(st.sampled_from(["same", "valid", "keras_same", *range(min(size))]))
    window, clip = ClipWindow(size, draw(TRIPLE), (1, 1, 1), padding), draw(SIZES)
    assume(all(n + sum(p) >= k for n, p, k in zip(clip, window.pads(*clip), size, strict=True)))
    return window, clip


def memory_for(x: Array, window: ClipWindow) -> Array:
    """Of the pooled clips; it holds NaN."""
    return np.full((len(x), *window.output_size(*x.shape[1:4]), x.shape[4]), np.nan, x.dtype)


def numbers(n: int, clip: Triple, C: int = 2, highest: int = 3) -> Array:
    """Few different numbers, so that there are equals."""
    return np.random.default_rng(1).integers(-highest, highest, (n, *clip, C)).astype(np.float64)


def chosen_gradient(x: Array, g: Array, window: ClipWindow) -> Array:
    """The gradient of the pixels, each window's at the first of its largest, found pixel by pixel."""
    found = naive.places(x, window, -np.inf)
    N, L, P, Q, U, R, S, C = found.shape
    first = found.reshape(N, L, P, Q, U * R * S, C).argmax(axis=4)  # argmax gives the first of equals
    back = (np.arange(U * R * S)[:, None] == first[..., None, :]) * g[..., None, :]
    return naive.places_back(back.reshape(found.shape), x.shape, window)


@given(pooled())
def test_the_largest_and_its_gradient_equal_loops(row: tuple[ClipWindow, Triple]) -> None:
    window, clip = row
    x = numbers(2, clip)
    y = memory_for(x, window)
    choice = clip_pooling.max_pool(x, window, y, choosing=True)
    np.testing.assert_array_equal(y, naive.max_pool(x, window))
    g = np.random.default_rng(2).normal(size=y.shape)
    dx = clip_pooling.max_pool_back(g, choice, window, np.full_like(x, np.nan))
    np.testing.assert_allclose(dx, chosen_gradient(x, g, window), rtol=1e-12, atol=1e-12)


@given(pooled())
def test_the_mean_and_its_gradient_equal_loops(row: tuple[ClipWindow, Triple]) -> None:
    window, clip = row
    x = numbers(2, clip)
    y = clip_pooling.average_pool(x, window, memory_for(x, window))
    np.testing.assert_allclose(y, naive.average_pool(x, window), rtol=1e-12, atol=1e-12)
    g = np.random.default_rng(2).normal(size=y.shape)
    dx = clip_pooling.average_pool_back(g, window, np.full_like(x, np.nan))
    shares = np.broadcast_to(g[:, :, :, :, None, None, None] / np.prod(window.size), naive.places(x, window).shape)
    np.testing.assert_allclose(dx, naive.places_back(shares, x.shape, window), rtol=1e-12, atol=1e-12)


def test_without_choosing_the_result_is_the_same() -> None:
    x = numbers(3, (4, 6, 5))
    y, z = memory_for(x, CORNER), memory_for(x, CORNER)
    clip_pooling.max_pool(x, CORNER, y, choosing=True)
    assert clip_pooling.max_pool(x, CORNER, z, choosing=False)[0] == ()
    assert y.tobytes() == z.tobytes()


@pytest.mark.parametrize("place", [(0, 0, 0), (1, 1, 1)])
def test_nan_stays_nan(place: Triple) -> None:
    x = np.zeros((1, 2, 2, 2, 1), np.float32)
    x[(0, *place)] = np.nan
    y = memory_for(x, CORNER)
    clip_pooling.max_pool(x, CORNER, y, choosing=True)
    assert np.isnan(y).all()


def test_more_frames_than_a_byte_can_count() -> None:
    x = np.arange(300, dtype=np.float32).reshape(1, 300, 1, 1, 1)
    window = ClipWindow((300, 1, 1))
    y = memory_for(x, window)
    choice = clip_pooling.max_pool(x, window, y, choosing=True)
    dx = clip_pooling.max_pool_back(np.ones_like(y), choice, window, np.full_like(x, np.nan))
    assert (y.item(), dx.ravel().tolist()) == (299, [0.0] * 299 + [1.0])
