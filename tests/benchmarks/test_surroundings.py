"""The environment of every side: as on a machine where nobody has set anything, or held to an older CPU."""

from __future__ import annotations

from benchmarks.processes import ROOT
from benchmarks.surroundings import environment

SET = {
    "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": "/bin", "PYTHONPATH": "elsewhere",
}  # fmt: skip


def test_what_would_slow_a_side_is_taken_away():
    assert environment(of=SET) == {"PATH": "/bin", "PYTHONPATH": f"{ROOT}:elsewhere"}


def test_every_side_is_held_to_the_kernels_that_are_asked_for():
    held = environment("Haswell", of=SET)
    assert held["OPENBLAS_CORETYPE"] == "Haswell"
    assert held["ATEN_CPU_CAPABILITY"] == "avx2"
    assert held["ONEDNN_MAX_CPU_ISA"] == "AVX2"
