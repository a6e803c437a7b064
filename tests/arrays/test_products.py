"""Products in blocks: right, into the array given, whatever the number of rows and columns."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.arrays.products import FEWEST_ROWS, SMALL_PRODUCT, by_blocks, rows_apart, summed_product

BATCHES = [(), (3,), (2, 2)]
WIDTHS = [(1, 1), (1, 7), (27, 32), (32, 3), (64, 64), (250, 250), (300, 260)]  # the last: too few rows a block
KINDS = {np.float32: 1e-5, np.float64: 1e-13}  # of the largest number


def counts(C: int, K: int) -> list[int]:
    """Numbers of rows around the largest block that is a power of two: none, one and several blocks, whole or not."""
    block = 1 << (SMALL_PRODUCT // (C * K)).bit_length() - 1
    if block > 4096:
        return [1, 33]  # larger ones are only slower
    return sorted({1, 9, block - 1, block, block + 1, 2 * block, 3 * block + 5})


CASES = [(rows, C, K) for C, K in WIDTHS for rows in counts(C, K)]


def assert_near(found: np.ndarray, expected: np.ndarray, dtype: type) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=KINDS[dtype] * float(np.abs(expected).max()))


@pytest.mark.parametrize(("rows", "C", "K"), CASES)
@pytest.mark.parametrize("dtype", KINDS)
def test_many_rows_by_blocks_equal_the_plain_product(rows: int, C: int, K: int, dtype: type) -> None:
    random = np.random.default_rng(1)
    x, weight = random.normal(size=(rows, C)).astype(dtype), random.normal(size=(C, K)).astype(dtype)
    for seen in (x, np.asfortranarray(x)):
        out = np.full((rows, K), np.nan, dtype)
        by_blocks(seen, weight, out)
        assert_near(out, x.astype(np.float64) @ weight.astype(np.float64), dtype)


@pytest.mark.parametrize(("rows", "C", "K"), CASES)
@pytest.mark.parametrize("dtype", KINDS)
def test_a_long_sum_by_blocks_is_written_or_added(rows: int, C: int, K: int, dtype: type) -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(size=(rows, C)).astype(dtype), random.normal(size=(rows, K)).astype(dtype)
    expected = x.T.astype(np.float64) @ y.astype(np.float64)
    for seen in (x.T, np.ascontiguousarray(x.T)):
        out = np.full((C, K), np.nan, dtype)
        summed_product(seen, y, out, add=False)
        assert_near(out, expected, dtype)
        summed_product(seen, y, out, add=True)
        assert_near(out, 2 * expected, dtype)


@pytest.mark.parametrize("batch", BATCHES, ids=str)
@pytest.mark.parametrize(("rows", "C", "K"), [(5, 3, 4), (700, 40, 50), (1100, 40, 50), (1536, 40, 50)])
def test_batches_of_products_are_views_into_larger_arrays(batch: tuple[int, ...], rows: int, C: int, K: int) -> None:
    """As for groups, whose channels stand side by side in a picture: nothing beside them is written."""
    random = np.random.default_rng(1)

    def beside(*shape: int) -> np.ndarray:
        """(*batch, ...) as a view of (..., *batch, ...), with one column more than anybody asks for."""
        wide = random.normal(size=(shape[0], *batch, shape[1] + 1))
        return np.moveaxis(wide, 0, -2)[..., : shape[1]]

    x, weight, out = beside(rows, C), random.normal(size=(*batch, C, K)), beside(rows, K)
    around = out.base.copy()
    by_blocks(x, weight, out)
    np.testing.assert_allclose(out, x @ weight, atol=1e-12)
    assert (out.base[..., K] == around[..., K]).all()
    total, wide = np.empty((*batch, C, K)), beside(C, K)
    for target in (total, wide):
        summed_product(x.swapaxes(-1, -2), out, target, add=False)
        np.testing.assert_allclose(target, x.swapaxes(-1, -2) @ out, atol=1e-10)


def test_the_cut_is_tried_on_both_sides() -> None:
    """Rows of the tables above that are cut into blocks, and rows that are not."""
    cut = {(C, K): 1 << (SMALL_PRODUCT // (C * K)).bit_length() - 1 for C, K in WIDTHS}
    assert [block >= FEWEST_ROWS for block in cut.values()] == [True] * 6 + [False]
    assert {rows > cut[C, K] for rows, C, K in CASES if cut[C, K] < 4096} == {True, False}


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


@pytest.mark.parametrize("K", [1, 10, 17])
def test_rows_in_another_order_of_memory_give_the_same_bits(K: int) -> None:
    """A full block of eight goes to BLAS as it lies, and BLAS has another kernel for what lies by columns."""
    random = np.random.default_rng(1)
    x, weight = random.normal(size=(8, 300)).astype(np.float32), random.normal(size=(300, K)).astype(np.float32)
    found = [np.empty((8, K), np.float32) for _ in range(2)]
    rows_apart(x, weight, found[0])
    rows_apart(np.asfortranarray(x), weight, found[1])
    assert found[0].tobytes() == found[1].tobytes()
