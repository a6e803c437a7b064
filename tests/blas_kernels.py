"""The kernels of OpenBLAS that this CPU can run, by the names under which OPENBLAS_CORETYPE asks for them."""

from __future__ import annotations

from pathlib import Path

NEEDS = {  # OPENBLAS_CORETYPE -> what /proc/cpuinfo has to list
    "Prescott": {"pni"},
    "Nehalem": {"sse4_2"},
    "Sandybridge": {"avx"},
    "Haswell": {"avx2", "fma"},
    "SkylakeX": {"avx512f", "avx512bw", "avx512dq", "avx512vl"},
}


def flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


KERNELS = [kernel for kernel, needed in NEEDS.items() if needed <= flags()]


def is_used(kernel: str, said: str) -> bool:
    """Whether a process that was asked to use this kernel said that it does."""
    return kernel in said or kernel == "Prescott"  # which some versions call by an older name
