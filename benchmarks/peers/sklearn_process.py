"""scikit-learn as a process: its products on as many BLAS threads as we have."""

from __future__ import annotations

from typing import Any

import numpy
import sklearn
from threadpoolctl import threadpool_info, threadpool_limits


def begin(threads: int) -> None:
    """Hold BLAS and OpenMP to so many threads."""
    threadpool_limits(threads)


def facts() -> dict[str, Any]:
    """Versions, and the kernel of each BLAS."""
    blas = {row["architecture"] for row in threadpool_info() if "architecture" in row}
    return {"sklearn": sklearn.__version__, "numpy": numpy.__version__, "blas": " ".join(sorted(blas))}
