"""Pooled memory for large arrays: a block goes back to the pool when its last view dies, never by an explicit release.

A training step asks for the same sizes again and again. Fresh pages from the operating system cost more than the
arithmetic that fills them, so blocks are kept. An array made here has an owner behind ``__array_interface__``; every
view keeps the owner alive, and the owner's end returns the block. Nobody can therefore reuse memory that somebody
still reads.
"""

from __future__ import annotations

import math
from collections import defaultdict
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

SMALL_BYTES = 1 << 16  # below this, NumPy's own small-block cache does as well
POOL_LIMIT_BYTES = 1 << 31  # idle blocks beyond this go back to the operating system


class _Block:
    """Memory with its address, which is dear to ask for."""

    __slots__ = ("address", "memory", "nbytes")

    def __init__(self, nbytes: int) -> None:
        self.memory = np.empty(nbytes, np.uint8)
        self.nbytes, self.address = nbytes, self.memory.ctypes.data


class _Pool:
    """Blocks that nobody uses, by size; ``nbytes`` of them in all."""

    def __init__(self) -> None:
        self.blocks: defaultdict[int, list[_Block]] = defaultdict(list)
        self.nbytes = 0
        self._lock = RLock()  # an owner can die while its own thread is in here

    def put(self, block: _Block) -> None:
        """Keep a block, if there is room."""
        with self._lock:
            if self.nbytes + block.nbytes <= POOL_LIMIT_BYTES:
                self.blocks[block.nbytes].append(block)
                self.nbytes += block.nbytes

    def take(self, nbytes: int) -> _Block:
        """A block of this size, kept or new."""
        with self._lock:
            kept = self.blocks[nbytes]
            if kept:
                self.nbytes -= nbytes
                return kept.pop()
        return _Block(nbytes)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self.blocks.clear()
            self.nbytes = 0


_pool = _Pool()


class _Owner:
    """Holds one block for as long as an array, or any view of it, is alive."""

    __slots__ = ("__array_interface__", "_block")

    def __init__(self, block: _Block, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._block = block
        self.__array_interface__ = {
            "data": (block.address, False),
            "shape": shape,
            "typestr": dtype.str,
            "version": 3,
        }

    def __del__(self) -> None:
        _pool.put(self._block)


def _size_class(nbytes: int) -> int:
    """Round up to one of four sizes an octave, so that a smaller last batch finds the blocks of the full ones."""
    step = 1 << max(nbytes.bit_length() - 3, 6)
    return -(-nbytes // step) * step


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """An uninitialised C-contiguous array."""
    kind = np.dtype(dtype)
    nbytes = math.prod(shape) * kind.itemsize
    if nbytes < SMALL_BYTES:
        return np.empty(shape, kind)
    return np.asarray(_Owner(_pool.take(_size_class(nbytes)), shape, kind))


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """A C-contiguous array of zeros."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def idle_bytes() -> int:
    """Bytes that the pool holds and nobody uses."""
    return _pool.nbytes


def drop_idle() -> None:
    """Give every idle block back to the operating system."""
    _pool.clear()


def same_memory(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """Whether two arrays of one shape and dtype are the very same numbers."""
    return a is b or (a.strides == b.strides and bool(a.size) and np.shares_memory(a[:1], b[:1]))


def owner_of(array: npt.NDArray[Any]) -> int:
    """The identity of the memory that an array looks at: equal for two arrays exactly if they share one block."""
    base: Any = array
    while getattr(base, "base", None) is not None:
        base = base.base
    return id(base)
