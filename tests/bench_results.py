"""Results to print, compare and save."""

from __future__ import annotations

from benchmarks.results import Result, Results

FACTS = {
    "nettrain": {"nettrain": "0.1.0", "numpy": "2.4.6", "blas": "openblas 0.3.31 SkylakeX", "cpu": "A CPU", "cores": 2},
    "torch": {"torch": "2.13.0+cpu"},
}


def step(ours: float = 0.1, threads: int = 2) -> Result:
    """A row of three rounds: PyTorch takes 1.5 and 2 times as long."""
    times = {"nettrain": 1.0, "torch contiguous": 2.0, "torch channels_last": 1.5}
    figures = {label: [float(f"{ours * n * noise:.5g}") for noise in (1, 1.1, 0.9)] for label, n in times.items()}
    missing = {"sklearn": "sklearn is not installed"}
    return Result("steps", "cnn", threads, "seconds", figures, missing, flops=2e9, images=128, gflops=100.0)


def results(*rows: Result) -> Results:
    return Results(FACTS, list(rows))
