"""nettrain's side as a process: BLAS held to one thread before NumPy loads, and our own threads."""

from __future__ import annotations

from typing import Any

from nettrain.arrays.blas import ask_for_one_thread

ask_for_one_thread()

from nettrain.arrays.threads import set_threads  # noqa: E402  it loads NumPy
from nettrain.training.store.platform import surroundings  # noqa: E402


def begin(threads: int) -> None:
    """Use so many threads."""
    set_threads(threads)


def facts() -> dict[str, Any]:
    """Versions, CPU, BLAS kernel, vector instructions of NumPy's own loops."""
    known = surroundings()
    return {
        key: known[key] for key in ("nettrain", "python", "numpy", "pillow", "blas", "cpu", "cpu_features", "cores")
    }
