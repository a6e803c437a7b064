"""Scratch memory: one block a role and thread, which only grows; views over it die when it does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nettrain.arrays import scratch as module
from nettrain.arrays.scratch import PAGE, laid_out, scratch


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of this test's own."""
    monkeypatch.setattr(module, "_thread", module._Thread())
    return


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_an_array_is_contiguous_and_of_the_shape_and_dtype_asked_for() -> None:
    array = scratch("a", (3, 4, 5), np.float64)
    assert (array.shape, array.dtype, array.flags.c_contiguous) == ((3, 4, 5), np.float64, True)
    assert scratch("a", (2,)).dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "dtype"), [((7,), np.float32), ((2, 3), np.float64), ((PAGE,), np.uint8), ((0, 4), np.float32)]
)
def test_one_role_is_one_block_whatever_the_shape(shape: tuple[int, ...], dtype: type) -> None:
    first = scratch("a", (PAGE,), np.uint8)
    assert address(scratch("a", shape, dtype)) == address(first)


def test_two_roles_may_live_at_once() -> None:
    a, b = scratch("a", (9,)), scratch("b", (9,))
    assert not np.may_share_memory(a, b)


def test_a_block_grows_and_the_old_one_stays_with_whoever_has_it() -> None:
    small = scratch("a", (PAGE,), np.uint8)
    small.fill(7)
    large = scratch("a", (PAGE + 1,), np.uint8)
    large.fill(8)
    assert (small == 7).all()
    assert address(scratch("a", (1,))) == address(large)
    assert module._thread.blocks["a"].nbytes == 2 * PAGE


def test_views_are_laid_out_once_for_each_key() -> None:
    made = [laid_out(key, lambda key=key: [key]) for key in ("x", "y", "x")]
    assert made[0] is made[2]
    assert made == [["x"], ["y"], ["x"]]


def test_laid_out_are_laid_out_anew_when_a_block_grows() -> None:
    """Their views look at the old block, which nobody else writes any more."""
    first = laid_out("x", lambda: scratch("a", (PAGE,), np.uint8))
    assert laid_out("x", lambda: scratch("a", (PAGE,), np.uint8)) is first
    larger = scratch("a", (2 * PAGE,), np.uint8)
    second = laid_out("x", lambda: scratch("a", (PAGE,), np.uint8))
    assert address(second) == address(larger) != address(first)


def test_views_whose_laying_out_grows_a_block_are_kept() -> None:
    def lay_out() -> np.ndarray:
        return scratch("a", (PAGE,), np.uint8)

    assert laid_out("x", lay_out) is laid_out("x", lay_out)


def test_a_thread_keeps_so_many_laid_out_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LAID_OUT", 3)
    for key in range(10):
        assert laid_out(key, lambda key=key: [key]) == [key]
        assert len(module._thread.laid_out) <= 3


def test_threads_have_blocks_and_laid_out_of_their_own() -> None:
    mine, my_views = scratch("a", (9,)), laid_out("x", lambda: ["mine"])
    with ThreadPoolExecutor(1) as thread:
        theirs = thread.submit(scratch, "a", (9,)).result()
        assert thread.submit(laid_out, "x", lambda: ["theirs"]).result() == ["theirs"]
    assert not np.may_share_memory(mine, theirs)
    assert laid_out("x", list) is my_views
