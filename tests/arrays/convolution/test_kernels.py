"""What every convolution kernel promises, of pictures and of clips, tried on every row of the table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from kernel_cases import CLIPS, MIXES, ROWS, Results, Row, poison_scratch, reference, run

from nettrain.arrays.convolution.patches import Patches

each_row = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in [*ROWS, *CLIPS]])
EXACT = 1e-10  # of the largest number, in float64
CLOSE = 2e-5  # in float32
KINDS = {np.float64: EXACT, np.float32: CLOSE}


@each_row
@pytest.mark.parametrize("dtype", KINDS)
def test_results_and_both_gradients_equal_loops(row: Row, dtype: type) -> None:
    run(row, dtype).assert_near(reference(row), KINDS[dtype])


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in MIXES])
def test_every_mix_of_stride_dilation_padding_and_groups_equals_loops(row: Row) -> None:
    run(row, np.float64).assert_near(reference(row), EXACT)


@each_row
def test_the_gradient_of_the_filters_is_added_or_written_as_told(row: Row) -> None:
    """Two pieces one after the other: both gradients in the sum, the second of the pictures alone."""
    kernel = row.kernel(np.float64)
    total = np.full(kernel.accumulator, np.nan)
    for seed, add in ((1, False), (2, True)):
        x, weight, g = row.arrays(np.float64, seed)
        dx = np.full_like(x, np.nan)
        kernel.backward(x, g, kernel.weights_back(weight), dx, total, add)
    both = [reference(row, seed) for seed in (1, 2)]
    expected = Results(both[1].y, both[1].dx, both[0].dw + both[1].dw)
    Results(both[1].y, dx, kernel.weight_gradient(total)).assert_near(expected, EXACT)


@each_row
def test_a_gradient_that_is_not_wanted_changes_nothing_of_the_other(row: Row) -> None:
    kernel = row.kernel(np.float32)
    x, weight, g = row.arrays(np.float32)
    expected = run(row, np.float32)
    dx, total = np.full_like(x, np.nan), np.full(kernel.accumulator, np.nan, np.float32)
    kernel.backward(x, g, kernel.weights_back(weight), dx, None, False)
    kernel.backward(x, g, None, None, total, False)
    assert Results(expected.y, dx, kernel.weight_gradient(total)).bits() == expected.bits()


@each_row
@pytest.mark.parametrize("dtype", KINDS)
def test_a_piece_gives_what_its_pictures_give_one_by_one(row: Row, dtype: type) -> None:
    kernel = row.kernel(dtype)
    x, weight, g = row.arrays(dtype)
    whole = run(row, dtype)
    y, dx, total = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full(kernel.accumulator, np.nan, dtype)
    for n in range(row.pictures):
        kernel.forward(x[n : n + 1], kernel.weights(weight), y[n : n + 1])
        kernel.backward(x[n : n + 1], g[n : n + 1], kernel.weights_back(weight), dx[n : n + 1], total, n > 0)
    Results(y, dx, kernel.weight_gradient(total)).assert_near(whole, KINDS[dtype])


@each_row
def test_the_bits_do_not_depend_on_what_was_done_before_nor_on_the_thread(row: Row) -> None:
    """Scratch memory is used again and again: filled with NaN, left by another kernel, or new."""
    first = run(row, np.float32).bits()
    poison_scratch()
    assert run(row, np.float32).bits() == first
    for other in [*ROWS[:: len(ROWS) // 7], *CLIPS[::4]]:
        run(other, np.float64)
    poison_scratch()
    assert run(row, np.float32).bits() == first
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(run, row, np.float32).result().bits() == first


@each_row
def test_results_keep_the_dtype(row: Row) -> None:
    for dtype in KINDS:
        assert row.kernel(dtype).weight_gradient(np.zeros(row.kernel(dtype).accumulator, dtype)).dtype == dtype


@each_row
def test_a_piece_holds_one_picture_at_least_and_sixteen_at_most(row: Row) -> None:
    assert 1 <= row.kernel(np.float32).pictures <= 16


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name) for row in [*ROWS, *MIXES[::5]] if row.kind == "Patches"]
)
@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_picture_cut_into_bands_gives_the_same(row: Row, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def bands(_: Patches, n: int, rows: int) -> list[range]:
        assert n == 1
        return [range(start, min(start + lines, rows)) for start in range(0, rows, lines)]

    monkeypatch.setattr(Patches, "_bands", bands)
    alone = replace(row, pictures=1)
    run(alone, np.float64).assert_near(reference(alone), EXACT)


@pytest.mark.parametrize("rows", [1, 2, 7, 90])
def test_bands_hold_every_row_once_in_order_and_several_pictures_are_not_cut(rows: int) -> None:
    """Pictures of the table are large enough to be cut, so that the promises above are tried on real bands too."""
    for kernel in (row.kernel(np.float32) for row in ROWS if row.size == (90, 50)):
        assert isinstance(kernel, Patches)
        bands = list(kernel._bands(1, rows))
        assert [row for band in bands for row in band] == list(range(rows))
        assert list(kernel._bands(2, rows)) == [range(rows)]
        assert len(bands) > 1 or rows < 90
