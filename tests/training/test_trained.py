"""Two of the measured models after twenty steps: the same bytes for any number of threads, and in any company."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trained
from blas_kernels import KERNELS, is_used
from commands import Ended, process, results, written

from nettrain.arrays import blas

Call = Callable[..., Ended]
each_model = pytest.mark.parametrize("name", trained.TRAINED)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of each model by a process of its own, with one thread."""
    folder = tmp_path_factory.mktemp("trained")
    data = trained.pictures(folder / "pictures")
    for name in trained.TRAINED:
        config = written(folder, f"{name}.yaml", trained.config(name, data))
        ended = process("fit", config, "--threads", "1", "--run-dir", name, cwd=folder)
        assert ended.code == 0, ended.err
        assert (folder / name / "checkpoints/step-000000020.safetensors").is_file()
    return folder


@each_model
@pytest.mark.parametrize("threads", ["2", "3"])
def test_any_number_of_threads_gives_the_same_bytes(
    here: Path, call: Call, monkeypatch: pytest.MonkeyPatch, name: str, threads: str
) -> None:
    monkeypatch.chdir(here)
    run = f"{name}-{threads}"
    assert call("fit", f"{name}.yaml", "--threads", threads, "--run-dir", run).code == 0
    assert results(here / run) == results(here / name)


@pytest.mark.parametrize("kernel", KERNELS if "openblas" in blas.kernel() else [""])
def test_company_makes_no_difference_under_any_kernel(here: Path, kernel: str) -> None:
    program = (sys.executable, trained.__file__)
    ended = process(*trained.TRAINED, cwd=here, program=program, OPENBLAS_CORETYPE=kernel)
    assert ended.code == 0, ended.err
    used, *found = ended.out.splitlines()
    assert found == []
    assert is_used(kernel, used)
