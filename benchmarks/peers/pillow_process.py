"""Pillow alone as a process: as many threads as we have, each decoding whole pictures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import PIL


class _Pool:
    executor = ThreadPoolExecutor(1)


def begin(threads: int) -> None:
    """Use so many threads."""
    _Pool.executor = ThreadPoolExecutor(threads)


def executor() -> ThreadPoolExecutor:
    """The threads."""
    return _Pool.executor


def facts() -> dict[str, Any]:
    """Its version."""
    return {"pillow": PIL.__version__}
