"""The matrices of minimal filtering: together they are a correlation, to the last places of float64."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.arrays.convolution.toom_cook import OUTPUTS, POINTS_IN_ALL, TAPS, filter_transform, matrices


def test_shapes() -> None:
    At, G, Bt = matrices()
    assert (At.shape, G.shape, Bt.shape) == ((4, 6), (6, 3), (6, 6))
    assert {matrix.dtype for matrix in (At, G, Bt)} == {np.dtype(np.float64)}


def test_bt_is_the_solution_and_not_only_the_nearest() -> None:
    """The equations that define it are twice as many as its rows; only the rounding of the numbers is left."""
    At, G, Bt = matrices()
    for k, i, j in np.ndindex(POINTS_IN_ALL, OUTPUTS, TAPS):
        assert float((At[i] * G[:, j]) @ Bt[:, k]) == pytest.approx(float(k == i + j), abs=2e-15)


@pytest.mark.parametrize("seed", range(5))
def test_one_tile_is_a_correlation(seed: int) -> None:
    At, G, Bt = matrices()
    random = np.random.default_rng(seed)
    x, w = random.normal(size=POINTS_IN_ALL), random.normal(size=TAPS)
    np.testing.assert_allclose(At @ ((G @ w) * (Bt @ x)), np.correlate(x, w), rtol=0, atol=2e-14)


def test_the_transposed_matrices_are_a_full_convolution() -> None:
    """The way back from four results to six inputs."""
    At, G, Bt = matrices()
    random = np.random.default_rng(1)
    g, w = random.normal(size=OUTPUTS), random.normal(size=TAPS)
    np.testing.assert_allclose(Bt.T @ ((G @ w) * (At.T @ g)), np.convolve(g, w), rtol=0, atol=2e-14)


@pytest.mark.parametrize("flipped", [False, True])
def test_a_filter_goes_to_every_pair_of_points_column_point_first(flipped: bool) -> None:
    _, G, _ = matrices()
    w = np.random.default_rng(1).normal(size=(TAPS, TAPS))
    turned = w[::-1, ::-1] if flipped else w
    found = (filter_transform(flipped=flipped) @ w.reshape(-1)).reshape(POINTS_IN_ALL, POINTS_IN_ALL)
    for b, a in np.ndindex(found.shape):  # the point of a column, then that of a row
        assert found[b, a] == pytest.approx(float(G[b] @ turned.T @ G[a]), abs=1e-14)
