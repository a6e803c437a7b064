"""PyTorch as a process, eager, on as many threads as we have."""

from __future__ import annotations

from typing import Any

import torch


def begin(threads: int) -> None:
    """Use so many threads inside an operation."""
    torch.set_num_threads(threads)


def facts() -> dict[str, Any]:
    """Its version, the vector instructions of its own kernels, its math libraries."""
    return {
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "onednn": torch.backends.mkldnn.is_available(),
        "mkl": torch.backends.mkl.is_available(),
    }
