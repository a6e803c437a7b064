"""Products in blocks of eight rows: right, into the array given, whatever the number of rows and columns."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.arrays.products import rows_apart


@pytest.mark.parametrize("rows", range(1, 9))
@pytest.mark.parametrize(("C", "K"), [(1, 1), (5, 1), (1, 5), (17, 9), (64, 32)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_the_plain_product(rows: int, C: int, K: int, dtype: type) -> None:
    random = np.random.default_rng(1)
    x, weight = random.normal(size=(rows, C)).astype(dtype), random.normal(size=(C, K)).astype(dtype)
    out = np.full((rows + 1, K), 7, dtype)
    rows_apart(x, weight, out[:rows])
    np.testing.assert_allclose(out[:rows], np.einsum("nc,ck->nk", x, weight), rtol=1e-4, atol=1e-5)
    assert (out[rows] == 7).all()


def test_a_row_that_is_not_finite_stays_alone() -> None:
    x = np.ones((5, 3))
    x[2] = np.inf
    out = np.empty((5, 2))
    with np.errstate(invalid="ignore"):
        rows_apart(x, np.ones((3, 2)), out)
    assert np.isfinite(out).all(axis=1).tolist() == [True, True, False, True, True]
