"""BLAS held to one thread, and the facts about it that decide whether two machines give the same bits."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def ask_for_one_thread() -> None:
    """Set the environment before NumPy loads: the only moment at which every BLAS listens."""
    for name in VARIABLES:
        os.environ[name] = "1"


@cache
def libraries() -> tuple[dict[str, Any], ...]:
    """What threadpoolctl sees: name, version, kernel ("SkylakeX", "Haswell") and threading layer of each BLAS."""
    import numpy  # noqa: F401  a library is seen only once it is loaded
    from threadpoolctl import threadpool_info

    return tuple(row for row in threadpool_info() if row["user_api"] == "blas")


def hold_worker_to_one_thread() -> None:
    """An OpenMP build counts threads per calling thread: each worker has to be told."""
    if any(row.get("threading_layer") == "openmp" for row in libraries()):
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, user_api="blas")


def kernel() -> str:
    """The BLAS and the kernel that it chose for this CPU, such as ``openblas 0.3.31 SkylakeX``."""
    return (
        ", ".join(
            " ".join(str(row[key]) for key in ("internal_api", "version", "architecture") if row.get(key))
            for row in libraries()
        )
        or "unknown BLAS"
    )
