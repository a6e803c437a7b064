"""Pooling against loops; the first of equals; padding and NaN; and halving, which has a way of its own."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from promises import Array

from nettrain.arrays import pooling
from nettrain.arrays.windows import Padding, Pair, Window

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


HALVES = Window((2, 2), (2, 2))


def largest(x: Array, window: Window, *, choosing: bool = True) -> tuple[Array, pooling.Choice]:
    """Max pooling into memory that holds NaN."""
    out = np.full((len(x), *window.output_size(*x.shape[1:3]), x.shape[3]), np.nan, x.dtype)
    return out, pooling.max_pool(x, window, out, choosing=choosing)


def largest_back(g: Array, choice: pooling.Choice, size: Pair, window: Window) -> Array:
    return pooling.max_pool_back(g, choice, window, np.full((len(g), *size, g.shape[3]), np.nan, g.dtype))


def average(x: Array, window: Window) -> Array:
    out = np.full((len(x), *window.output_size(*x.shape[1:3]), x.shape[3]), np.nan, x.dtype)
    return pooling.average_pool(x, window, out)


def average_back(g: Array, size: Pair, window: Window) -> Array:
    return pooling.average_pool_back(g, window, np.full((len(g), *size, g.shape[3]), np.nan, g.dtype))


def chosen_gradient(x: Array, g: Array, window: Window) -> Array:
    """The gradient of the pixels, each window's at the first of its largest, found pixel by pixel."""
    places = naive.places(x, window, -np.inf)
    N, P, Q, R, S, C = places.shape
    first = places.reshape(N, P, Q, R * S, C).argmax(axis=3)  # argmax gives the first of equals
    back = (np.arange(R * S)[:, None] == first[:, :, :, None]) * g[:, :, :, None]
    return naive.places_back(back.reshape(places.shape), x.shape, window)


@given(pooled(), st.integers(1, 3))
def test_pooling_equals_loops(case: tuple[Window, Pair], levels: int) -> None:
    window, size = case
    x = np.random.default_rng(1).integers(0, levels + 1, (2, *size, 2)).astype(np.float64)  # many equals
    y, choice = largest(x, window)
    assert (y == naive.max_pool(x, window)).all()
    g = np.random.default_rng(2).normal(size=y.shape)
    np.testing.assert_allclose(largest_back(g, choice, size, window), chosen_gradient(x, g, window), atol=1e-14)
    np.testing.assert_allclose(average(x, window), naive.average_pool(x, window), rtol=1e-12)


@given(pooled())
def test_the_ways_back_are_transposes(case: tuple[Window, Pair]) -> None:
    window, size = case
    random = np.random.default_rng(1)
    x = random.normal(size=(2, *size, 2))
    y, choice = largest(x, window)
    g = random.normal(size=y.shape)
    assert float((x * largest_back(g, choice, size, window)).sum()) == pytest.approx(float((y * g).sum()), abs=1e-10)
    dx = average_back(g, size, window)
    assert float((x * dx).sum()) == pytest.approx(float((average(x, window) * g).sum()), abs=1e-10)


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (3, 2), (4, 6), (5, 7), (32, 32), (33, 31)])
@pytest.mark.parametrize("padding", ["valid", 0, "keras_same", "same", 1])
@pytest.mark.parametrize("levels", [1, 3, 1000])
def test_halving_equals_the_general_way(
    size: Pair, padding: Padding, levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With paddings that leave halves, or do not; where sizes are odd, a last row or column is left out or padded."""
    window = Window((2, 2), (2, 2), padding=padding)
    x = np.random.default_rng(1).integers(-levels, levels, (2, *size, 3)).astype(np.float32)
    y, choice = largest(x, window)
    g = np.random.default_rng(2).normal(size=y.shape).astype(np.float32)
    dx = largest_back(g, choice, size, window)
    assert (largest(x, window, choosing=False)[0] == y).all()
    monkeypatch.setattr(pooling, "_halves", lambda *_: False)
    general, choice = largest(x, window)
    assert (general == y).all()
    assert (largest_back(g, choice, size, window) == dx).all()


@pytest.mark.parametrize("window", [HALVES, Window((3, 3), (2, 2), padding=1)])
def test_nothing_is_remembered_unless_it_is_asked_for(window: Window) -> None:
    x = np.random.default_rng(1).normal(size=(1, 6, 6, 2))
    y, choice = largest(x, window, choosing=False)
    assert choice == ()
    assert (y == naive.max_pool(x, window)).all()


@pytest.mark.parametrize("window", [HALVES, Window((3, 3), (2, 2), padding=1)])
def test_inputs_are_not_written(window: Window) -> None:
    x = np.random.default_rng(1).normal(size=(1, 6, 6, 2))
    x.flags.writeable = False
    y, choice = largest(x, window)
    y.flags.writeable = False
    for chosen in choice:
        chosen.flags.writeable = False
    largest_back(y, choice, (6, 6), window)
    average(x, window)
    average_back(y, (6, 6), window)


def test_the_gradient_goes_to_the_first_of_equals() -> None:
    _, choice = largest(np.ones((1, 4, 4, 1)), HALVES)
    dx = largest_back(np.full((1, 2, 2, 1), 5.0), choice, (4, 4), HALVES)
    assert dx[0, ..., 0].tolist() == [[5, 0, 5, 0], [0, 0, 0, 0], [5, 0, 5, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("pixels", "first"),
    [
        ([1, 1, 1, 1], 0),
        ([0, 1, 1, 1], 1),
        ([0, 0, 1, 1], 2),
        ([0, 0, 0, 1], 3),
        ([0, 1, 1, 0], 1),
        ([1, 0, 1, 0], 0),
        ([0, 1, 0, 1], 1),
        ([-0.0, 0.0, 0.0, -0.0], 0),
    ],
)
def test_of_equals_the_first_row_by_row_is_taken(pixels: list[float], first: int) -> None:
    _, choice = largest(np.array(pixels, np.float64).reshape(1, 2, 2, 1), HALVES)
    assert largest_back(np.full((1, 1, 1, 1), 5.0), choice, (2, 2), HALVES).ravel().nonzero()[0].tolist() == [first]


def test_pixels_chosen_twice_get_both_gradients() -> None:
    window = Window((2, 2))
    x = np.zeros((1, 3, 3, 1))
    x[0, 1, 1] = 1
    _, choice = largest(x, window)
    dx = largest_back(np.ones((1, 2, 2, 1)), choice, (3, 3), window)
    assert dx[0, ..., 0].tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]


def test_padding_never_wins() -> None:
    x = np.full((1, 2, 2, 1), -5.0)
    y, choice = largest(x, Window((3, 3), padding=1))
    assert (y == -5).all()
    dx = largest_back(np.array([1.0, 10, 100, 1000]).reshape(1, 2, 2, 1), choice, (2, 2), Window((3, 3), padding=1))
    assert dx[0, ..., 0].tolist() == [[1111, 0], [0, 0]]


def test_padding_counts_as_zeros_in_a_mean() -> None:
    y = average(np.full((1, 2, 2, 1), 9.0), Window((3, 3), padding=1))
    assert (y == 4).all()


@pytest.mark.parametrize("at", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("general", [True, False])
def test_nan_stays_nan(at: Pair, general: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if general:
        monkeypatch.setattr(pooling, "_halves", lambda *_: False)
    x = np.ones((1, 4, 4, 1))
    x[(0, *at)] = np.nan
    for y in (largest(x, HALVES)[0], average(x, HALVES)):
        assert np.isnan(y[0, ..., 0]).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize(("size", "dtype"), [(15, np.uint8), (16, np.uint16)])
def test_the_choice_is_stored_in_as_few_bytes_as_it_needs(size: int, dtype: type) -> None:
    x = np.arange(256.0)[:, None].reshape(1, 16, 16, 1)
    y, (choice,) = largest(x, Window((size, size)))
    assert choice.dtype == dtype
    assert choice[0, -1, -1, 0] == size * size - 1
    assert y[0, -1, -1, 0] == 255
