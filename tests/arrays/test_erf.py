"""The error function against ``math.erf``, which is correctly rounded but for a unit in the last place."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from nettrain.arrays.erf import erf

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
UNITS = {np.float64: 3, np.float32: 5}
GRID = np.concatenate([np.linspace(-6.5, 6.5, 60_001), 10.0 ** np.linspace(-30, 1, 5_001)])


def reference(x: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    return np.array([math.erf(float(value)) for value in x])


@each_dtype
def test_a_dense_grid_is_within_a_few_units_in_the_last_place(dtype: type) -> None:
    x = GRID[GRID != 0].astype(dtype)
    expected = reference(x)
    units = np.abs(erf(x) - expected) / np.spacing(np.abs(expected).astype(dtype))
    assert units.max() <= UNITS[dtype]


@each_dtype
@pytest.mark.parametrize("place", [0.48, 0.46875, 3.93, 4.0, 6.0, 10.0])
def test_nothing_jumps_where_one_formula_hands_over_to_the_next(dtype: type, place: float) -> None:
    x = np.array([place], dtype)
    around = np.concatenate([np.nextafter(x, dtype(0)), x, np.nextafter(x, dtype(99))])
    np.testing.assert_allclose(erf(around), reference(around), rtol=UNITS[dtype] * np.finfo(dtype).eps)


@each_dtype
def test_extreme_numbers(dtype: type) -> None:
    huge, tiny = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    found = erf(np.array([np.inf, -np.inf, huge, -huge, 0.0, -0.0, np.nan, 10.0], dtype))
    np.testing.assert_array_equal(found, np.array([1, -1, 1, -1, 0, -0.0, np.nan, 1], dtype))
    assert np.signbit(found[[4, 5]]).tolist() == [False, True]
    assert erf(np.array([tiny], dtype)) >= 0


@each_dtype
def test_it_is_odd_to_the_last_bit(dtype: type) -> None:
    x = GRID.astype(dtype)
    assert erf(-x).tobytes() == (-erf(x)).tobytes()


@each_dtype
def test_a_number_does_not_depend_on_its_neighbours(dtype: type) -> None:
    x = np.random.default_rng(1).normal(0, 2, 501).astype(dtype)
    together = erf(x)
    assert [erf(x[i : i + 1])[0] for i in range(len(x))] == together.tolist()
    for length in range(1, 40):
        assert erf(x[7 : 7 + length]).tobytes() == together[7 : 7 + length].tobytes()
    with_nan = np.insert(x, 100, np.nan)
    assert np.delete(erf(with_nan), 100).tobytes() == together.tobytes()


@each_dtype
@pytest.mark.parametrize("shape", [(0,), (1,), (3, 0, 2), (2, 3, 4)])
def test_shape_and_dtype_stay_and_the_input_is_not_written(dtype: type, shape: tuple[int, ...]) -> None:
    x = np.linspace(-5, 5, math.prod(shape)).reshape(shape).astype(dtype)
    x.flags.writeable = False
    assert erf(x).shape == shape
    assert erf(x).dtype == dtype
    np.testing.assert_array_equal(erf(x[..., ::-1]), erf(x)[..., ::-1])


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(TypeError) as caught:
        erf(np.arange(3))
    assert str(caught.value) == "erf: expected float32 or float64, got int64"
