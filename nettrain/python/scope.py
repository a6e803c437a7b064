"""The surroundings that nettrain computes in, put up for the length of a call inside somebody else's program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

from nettrain.arrays.threads import SWITCH_SECONDS, available_cores, get_threads, set_threads


@contextmanager
def surroundings(threads: int | None) -> Iterator[None]:
    """Inside, BLAS keeps to one thread, and nettrain has ``threads`` of its own (all cores if None).

    Notes   Afterwards BLAS and the interpreter are as before; our threads stay, idle, for the next call.
    """
    seconds = sys.getswitchinterval()
    with _controller().limit(limits=1, user_api="blas"):
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            if (wanted := threads or available_cores()) != get_threads():
                set_threads(wanted)
            yield
        finally:
            sys.setswitchinterval(seconds)


@cache
def _controller() -> ThreadpoolController:
    """Made once, after NumPy was loaded: to look for the libraries of a process takes a millisecond."""
    return ThreadpoolController()
