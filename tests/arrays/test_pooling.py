"""Pooling against loops; the first of equals; padding and NaN."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nettrain.arrays.pooling import average_pool, average_pool_back, max_pool, max_pool_back
from nettrain.arrays.windows import Pair, Window

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7))


@st.composite
def pooled(draw: st.DrawFn) -> tuple[Window, Pair]:
    """A window with less padding than pixels, and a picture that it fits."""
    size = draw(PAIR)
    padding = draw(st.sampled_from(["same", "valid", "keras_same", *range(min(size))]))
    window, picture = Window(size, draw(PAIR), (1, 1), padding), draw(SIZES)
    pads = window.pads(*picture)
    assume(all(n + sum(p) >= k for n, p, k in zip(picture, pads, size, strict=True)))
    return window, picture


@settings(deadline=None)
@given(pooled(), st.integers(1, 3))
def test_pooling_equals_loops(case: tuple[Window, Pair], levels: int) -> None:
    window, size = case
    x = np.random.default_rng(1).integers(0, levels + 1, (2, *size, 2)).astype(np.float64)  # many equals
    y, choice = max_pool(x, window)
    places = naive.places(x, window, -np.inf).reshape(*y.shape[:3], -1, 2)
    assert (y == places.max(axis=3)).all()
    assert (choice == places.argmax(axis=3)).all()  # argmax gives the first of equals too
    np.testing.assert_allclose(average_pool(x, window), naive.average_pool(x, window), rtol=1e-12)


@settings(deadline=None)
@given(pooled())
def test_the_ways_back_are_transposes(case: tuple[Window, Pair]) -> None:
    window, size = case
    random = np.random.default_rng(1)
    x = random.normal(size=(2, *size, 2))
    y, choice = max_pool(x, window)
    g = random.normal(size=y.shape)
    assert float((x * max_pool_back(g, choice, size, window)).sum()) == pytest.approx(float((y * g).sum()), abs=1e-10)
    dx = average_pool_back(g, size, window)
    assert float((x * dx).sum()) == pytest.approx(float((average_pool(x, window) * g).sum()), abs=1e-10)


def test_the_gradient_goes_to_the_first_of_equals() -> None:
    window = Window((2, 2), (2, 2))
    _, choice = max_pool(np.ones((1, 4, 4, 1)), window)
    dx = max_pool_back(np.full((1, 2, 2, 1), 5.0), choice, (4, 4), window)
    assert dx[0, ..., 0].tolist() == [[5, 0, 5, 0], [0, 0, 0, 0], [5, 0, 5, 0], [0, 0, 0, 0]]


def test_pixels_chosen_twice_get_both_gradients() -> None:
    window = Window((2, 2))
    x = np.zeros((1, 3, 3, 1))
    x[0, 1, 1] = 1
    _, choice = max_pool(x, window)
    dx = max_pool_back(np.ones((1, 2, 2, 1)), choice, (3, 3), window)
    assert dx[0, ..., 0].tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]


def test_padding_never_wins() -> None:
    y, choice = max_pool(np.full((1, 2, 2, 1), -5.0), Window((3, 3), padding=1))
    assert (y == -5).all()
    assert choice[0, ..., 0].tolist() == [[4, 3], [1, 0]]


def test_padding_counts_as_zeros_in_a_mean() -> None:
    y = average_pool(np.full((1, 2, 2, 1), 9.0), Window((3, 3), padding=1))
    assert (y == 4).all()


@pytest.mark.parametrize("at", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_nan_stays_nan(at: Pair) -> None:
    x = np.ones((1, 4, 4, 1))
    x[(0, *at)] = np.nan
    for y in (max_pool(x, Window((2, 2), (2, 2)))[0], average_pool(x, Window((2, 2), (2, 2)))):
        assert np.isnan(y[0, ..., 0]).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize(("size", "dtype"), [(15, np.uint8), (16, np.uint16)])
def test_the_choice_is_stored_in_as_few_bytes_as_it_needs(size: int, dtype: type) -> None:
    x = np.arange(256.0)[:, None].reshape(1, 16, 16, 1)
    y, choice = max_pool(x, Window((size, size)))
    assert choice.dtype == dtype
    assert choice[0, -1, -1, 0] == size * size - 1
    assert y[0, -1, -1, 0] == 255
