"""PyTorch's side of the comparisons, run once for all tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from optim.beside import Array


@pytest.fixture(scope="session")
def of_pytorch(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Array]:
    """What PyTorch found for a row of ``beside.py``; the test is skipped where it is not installed."""
    if find_spec("torch") is None:
        pytest.skip("PyTorch is not installed; it is a benchmark extra: pip install '.[bench]'")
    path = tmp_path_factory.mktemp("beside") / "found.npz"
    script = Path(__file__).with_name("beside.py")
    subprocess.run([sys.executable, "-W", "ignore", script, path], check=True, timeout=300)
    found: Mapping[str, Array] = np.load(path)

    def of_row(name: str) -> Array:
        if name not in found:
            pytest.skip("this PyTorch does not have it")
        return found[name]

    return of_row
