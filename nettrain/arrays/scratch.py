"""Scratch memory of a thread: blocks that kernels fill and read again within one piece, the same ones for every layer.

A kernel works through tens of intermediate arrays a piece. They live in a few blocks a thread, one a role, so that what
one layer used is still in cache when the next one writes it. The views that a kernel lays over its blocks are made once
for each shape and kept here too; when a block has to grow, all of them are made anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from threading import local
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Views = TypeVar("Views")

PAGE = 4096  # bytes that a block is rounded up to
MOST_LAID_OUT = 256  # laid-out views that a thread keeps: far more than the shapes of one network


class _Thread(local):
    """What one thread has."""

    def __init__(self) -> None:
        self.blocks: dict[str, npt.NDArray[np.uint8]] = {}
        self.laid_out: dict[Hashable, Any] = {}


_thread = _Thread()


def scratch(role: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> Array:
    """An uninitialised C-contiguous array over this thread's block of that role.

    Notes    The next caller of the same role writes the same memory: two arrays that live at once need two roles.
    """
    kind = np.dtype(dtype)
    nbytes = math.prod(shape) * kind.itemsize
    block = _thread.blocks.get(role)
    if block is None or block.nbytes < nbytes:
        _thread.laid_out.clear()
        block = _thread.blocks[role] = np.empty(-(-nbytes // PAGE) * PAGE, np.uint8)
    return np.ndarray(shape, kind, block)


def laid_out(key: Hashable, lay_out: Callable[[], Views]) -> Views:
    """What ``lay_out`` made for this key in this thread: views over scratch memory, made once for each shape."""
    found: Views | None = _thread.laid_out.get(key)
    if found is None:
        found = lay_out()
        if len(_thread.laid_out) >= MOST_LAID_OUT:
            _thread.laid_out.clear()
        _thread.laid_out[key] = found
    return found
