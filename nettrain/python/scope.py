"""The surroundings that nettrain computes in, put up for the length of a call inside somebody else's program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import RLock

from threadpoolctl import ThreadpoolController

from nettrain.arrays.threads import as_guest, available_cores, get_threads, set_threads


class _Turn:
    """Whose call it is: what is put up belongs to the whole process, so calls from several threads take turns."""

    lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: setattr(_Turn, "lock", RLock()))  # a child has none of the other threads


@contextmanager
def surroundings(threads: int | None) -> Iterator[None]:
    """Inside, BLAS keeps to one thread, and nettrain has ``threads`` of its own (all cores if None).

    Notes   Afterwards BLAS and the interpreter are as before; our threads stay, idle, for the next call. A call from
            another thread of the program waits for this one.
    """
    with _Turn.lock, as_guest(), _controller().limit(limits=1, user_api="blas"):
        if (wanted := available_cores() if threads is None else threads) != get_threads():
            set_threads(wanted)
        yield


@cache
def _controller() -> ThreadpoolController:
    """Made once, after NumPy was loaded: to look for the libraries of a process takes a millisecond."""
    return ThreadpoolController()
