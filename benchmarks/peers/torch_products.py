"""How fast PyTorch multiplies matrices here, on all its threads: towards the machine's matrix peak."""

from __future__ import annotations

import time

import torch

SIDES = (256, 512, 1024, 2048)
ROUNDS = 30  # of some hundredths of a second each: one of them will be undisturbed
FLOPS_A_ROUND = 2e9  # of each thread


def gflops() -> float:
    """GFLOP/s in float32, the best round of the best size."""
    return max(_gflops(side) for side in SIDES)


@torch.inference_mode()
def _gflops(side: int) -> float:
    a, b = torch.randn(2, side, side)
    out = torch.empty(side, side)
    times = max(1, round(FLOPS_A_ROUND * torch.get_num_threads() / (2 * side**3)))
    best = 0.0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(times):
            torch.mm(a, b, out=out)
        best = max(best, times * 2 * side**3 / (time.perf_counter() - begun) / 1e9)
    return best
