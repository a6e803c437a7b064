"""exp(x) - 1 and log(1 + x) against ``math``, whose functions are right to a unit in the last place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nettrain.arrays.exponentials import expm1, log1p

Array = npt.NDArray[Any]
TINY = 10.0 ** np.linspace(-30, 0, 3001)
FUNCTIONS: dict[str, tuple[Callable[[Array, Array], Array], Callable[[float], float], Array, int]] = {
    "expm1": (expm1, math.expm1, np.concatenate([np.linspace(-90, 20, 40_001), -TINY, TINY]), 4),
    "log1p": (log1p, math.log1p, np.concatenate([np.linspace(0, 1, 40_001), TINY]), 4),
}
each_function = pytest.mark.parametrize("name", FUNCTIONS)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@each_function
@each_dtype
def test_a_dense_grid_is_within_a_few_units_in_the_last_place(name: str, dtype: type) -> None:
    function, exact, grid, units = FUNCTIONS[name]
    x = grid[grid != 0].astype(dtype)
    expected = np.array([exact(value) for value in x.tolist()])
    found = function(x, np.empty_like(x))
    assert found.dtype == dtype
    assert (np.abs(found - expected) / np.spacing(np.abs(expected).astype(dtype))).max() <= units


@each_function
@each_dtype
def test_in_place_and_a_single_number_give_the_same(name: str, dtype: type) -> None:
    function, _, grid, _ = FUNCTIONS[name]
    x = grid[::97].astype(dtype)
    found = function(x, np.empty_like(x))
    place = x.copy()
    assert function(place, place) is place
    assert place.tobytes() == found.tobytes()
    assert [function(x[i : i + 1], np.empty(1, dtype))[0] for i in range(50)] == found[:50].tolist()
    assert function(x[7], np.empty((), dtype)) == found[7]


@each_function
def test_zero_and_nan_stay(name: str) -> None:
    function = FUNCTIONS[name][0]
    found = function(np.array([0.0, np.nan], np.float32), np.empty(2, np.float32))
    assert found[0] == 0
    assert np.isnan(found[1])


def test_far_below_0_an_exponential_less_1_is_minus_1() -> None:
    assert expm1(np.array([-1e30, -np.inf]), np.empty(2)).tolist() == [-1, -1]
