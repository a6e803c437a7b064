"""The pool: a block is reused when its last view is dead, and never before."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.arrays import memory

LARGE = memory.SMALL_BYTES  # bytes of the smallest array that is pooled


def address(array: npt.NDArray[Any]) -> int:
    return array.ctypes.data


@pytest.fixture(autouse=True)
def empty_pool() -> Iterator[None]:
    gc.collect()
    memory.drop_idle()
    yield
    memory.drop_idle()


VIEWS = {
    "itself": lambda a: a,
    "slice": lambda a: a[3:5],
    "slice of a slice": lambda a: a[3:][:2],
    "reshaped": lambda a: a.reshape(-1)[7:],
    "transposed": lambda a: a.T,
    "other dtype": lambda a: a.view(np.uint8),
    "broadcast": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "memoryview": memoryview,
    "windows": lambda a: np.lib.stride_tricks.as_strided(a[1:], (2, 2), (8, 4)),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_block_is_reused_after_its_last_view_and_not_before(view: Any) -> None:
    array = memory.empty((128, 128))
    place = address(array)
    last = view(array)
    del array
    assert memory.idle_bytes() == 0
    other = memory.empty((128, 128))
    assert address(other) != place
    del last
    assert memory.idle_bytes() > 0
    assert address(memory.empty((128, 128))) == place


def test_arrays_are_as_asked_for() -> None:
    for shape, dtype in (((3, 5), np.float32), ((200, 300), np.float64), ((7, 1, 40_000), np.uint8), ((), np.float32)):
        array = memory.empty(shape, dtype)
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert not memory.zeros(shape, dtype).any()


def test_zeros_are_zeros_in_used_memory() -> None:
    memory.empty((256, 256)).fill(7)
    assert not memory.zeros((256, 256)).any()


def test_a_smaller_last_batch_finds_the_block_of_the_full_ones() -> None:
    full = memory.empty((128, 1000))
    place = address(full)
    del full
    assert address(memory.empty((120, 1000))) == place


@given(st.lists(st.tuples(st.integers(1, 5 * LARGE), st.booleans()), max_size=30))
def test_living_arrays_never_overlap(wishes: list[tuple[int, bool]]) -> None:
    living: list[tuple[npt.NDArray[Any], int]] = []
    for mark, (nbytes, forget) in enumerate(wishes):
        array = memory.empty((nbytes,), np.uint8)
        assert array.nbytes == nbytes
        array.fill(mark)
        living.append((array, mark))
        if forget:
            living.pop(len(living) // 2)
        del array
    assert all((array == mark).all() for array, mark in living)


@given(st.integers(LARGE, 1 << 40))
def test_a_block_is_at_most_a_quarter_larger_than_asked_for(nbytes: int) -> None:
    size = memory._size_class(nbytes)
    assert nbytes <= size <= nbytes * 1.25 + 64
    assert memory._size_class(size) == size


def test_more_than_the_limit_goes_back_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "POOL_LIMIT_BYTES", 3 * LARGE)
    arrays = [memory.empty((LARGE,), np.uint8) for _ in range(9)]
    arrays.clear()
    assert memory.idle_bytes() == 3 * LARGE
    memory.drop_idle()
    assert memory.idle_bytes() == 0


def test_many_threads_may_share_the_pool() -> None:
    def work(mark: int) -> bool:
        for size in range(200):
            array = memory.empty((LARGE + 997 * (size % 7),), np.uint8)
            array.fill(mark)
            if not (array == mark).all():
                return False
        return True

    with ThreadPoolExecutor(4) as executor:
        assert all(executor.map(work, range(4)))


def test_the_owner_of_views_is_their_memory() -> None:
    for shape in ((4, 4), (256, 256)):
        a, b = memory.empty(shape), memory.empty(shape)
        assert (
            memory.owner_of(a)
            == memory.owner_of(a[1:].T[:3])
            == memory.owner_of(VIEWS["windows"](a))
            == memory.owner_of(a[:2])
        )
        assert memory.owner_of(a) != memory.owner_of(b)


def test_an_array_may_outlive_the_module() -> None:
    code = "from nettrain.arrays import memory; import builtins; builtins.kept = memory.empty((512, 512))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stderr == ""
