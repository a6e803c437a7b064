"""How fast NumPy multiplies matrices here, each thread on products of its own: towards the machine's matrix peak."""

from __future__ import annotations

import time

import numpy as np

from nettrain.arrays.threads import get_threads, parallel

SIDES = (128, 256, 512, 1024)
ROUNDS = 30  # of some hundredths of a second each: one of them will be undisturbed
FLOPS_A_ROUND = 2e9  # of each thread


def gflops() -> float:
    """GFLOP/s in float32, the best round of the best size."""
    return max(_gflops(side) for side in SIDES)


def _gflops(side: int) -> float:
    random, threads = np.random.default_rng(1), get_threads()
    a, b = random.standard_normal((2, threads, side, side), np.float32)
    out = np.empty_like(a)
    times = round(FLOPS_A_ROUND / (2 * side**3))

    def products(thread: int) -> None:
        for _ in range(times):
            np.matmul(a[thread], b[thread], out=out[thread])

    best = 0.0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        parallel(threads, products)
        best = max(best, threads * times * 2 * side**3 / (time.perf_counter() - begun) / 1e9)
    return best
