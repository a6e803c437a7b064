"""At inference a picture's result is the same bits alone and in any company, under every kernel this CPU can run."""

from __future__ import annotations

import os
import subprocess
import sys

import company
import pytest
from blas_kernels import KERNELS, is_used

from nettrain.arrays import blas


def numpy_features() -> str:
    """Everything that NumPy uses here beyond its baseline, so that it can be told not to."""
    from numpy._core import _multiarray_umath as core

    return " ".join(name for name in core.__cpu_dispatch__ if core.__cpu_features__[name])


@pytest.mark.parametrize("row", [pytest.param(row, id=row[0]) for row in company.rows()])
def test_company_makes_no_difference(row: company.Row) -> None:
    assert company.different(row) is None


@pytest.mark.skipif("openblas" not in blas.kernel(), reason="only OpenBLAS can be told which kernel to use")
@pytest.mark.parametrize(
    ("kernel", "plain_numpy"),
    [(kernel, plain) for kernel in KERNELS for plain in (False, True) if kernel == "Haswell" or not plain],
)
def test_company_makes_no_difference_under_another_kernel(kernel: str, plain_numpy: bool) -> None:
    environment = os.environ | {"OPENBLAS_CORETYPE": kernel}
    if plain_numpy:
        environment["NPY_DISABLE_CPU_FEATURES"] = numpy_features()
    child = subprocess.run(
        [sys.executable, company.__file__], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    used, *found = child.stdout.splitlines()
    assert found == []
    assert is_used(kernel, used)
