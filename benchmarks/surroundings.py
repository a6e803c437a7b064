"""The environment that the sides run in: nobody is held to an older kernel, unless that is to be measured."""

from __future__ import annotations

import os
from collections.abc import Mapping

from benchmarks.processes import ROOT

FORCING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # some machines set them, which slows a current NumPy
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # each side is told its own number
SLOWING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")  # the first has a checkout compiled anew at every start
KERNELS: dict[str, dict[str, str]] = {  # AVX2 and no wider, for ours and for the peers alike
    "Haswell": {
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    }
}


def environment(kernel: str | None = None, of: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for every side; ``kernel`` holds all of them to what an older CPU has."""
    kept = {name: value for name, value in of.items() if name not in FORCING + THREADS + SLOWING}
    path = os.pathsep.join([str(ROOT), *filter(None, [of.get("PYTHONPATH")])])
    return kept | {"PYTHONPATH": path} | (KERNELS[kernel] if kernel else {})
