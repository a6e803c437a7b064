"""RAdam: Adam that takes plain steps until it has seen enough gradients to scale by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.optim.adam import EitherDecayConfig, take_moments
from nettrain.optim.optimizer import Array, Chunk, Optimizer

ENOUGH = 5  # degrees of freedom; PyTorch's bound too, where the paper has 4


@dataclass(frozen=True, kw_only=True)
class RadamConfig(EitherDecayConfig):
    """Settings of ``radam``: those of ``adam``, and ``decoupled``."""


class Radam(Optimizer):
    """Adam whose first steps are not scaled, and later ones by how sure the mean square is: a warm-up of its own.

    m' and s as in Adam. With R = 2 / (1 - b2) - 1 and r = R - 2 t b2^t / (1 - b2^t) at step t = 1, 2, ...: as long as
    r is at most 5, w <- w - lr m'; then w <- w - lr c m' sqrt(1 - b2^t) / (sqrt(s) + epsilon) with
    c = sqrt((r - 4)(r - 2) R / ((R - 4)(R - 2) r)). Weight decay is added to the gradient, or apart
    from it as in AdamW.

    Source   Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2; epsilon and the
             bound of 5 as in PyTorch.
    """

    slots = ("mean", "mean_square")

    settings: RadamConfig

    def __init__(self, settings: RadamConfig, weights: Flat) -> None:
        super().__init__(settings, weights)
        self.decay = "decoupled" if settings.decoupled else "coupled"

    def rectification(self, t: int) -> float | None:
        """c at step t, or None where there are too few degrees of freedom to scale at all."""
        b2 = self.settings.betas[1]
        most = 2 / (1 - b2) - 1
        r = most - 2 * t * b2**t / (1 - b2**t)
        return math.sqrt((r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r)) if r > ENOUGH else None

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        b1, b2 = self.settings.betas
        t = self.steps + 1
        m, s = take_moments(chunk, g, self.settings.betas)
        scratch = chunk.scratch
        rate = lr / (1 - b1**t)
        c = self.rectification(t)
        if c is None:
            np.multiply(m, rate, out=g)
        else:
            np.sqrt(s, out=scratch)
            scratch += self.settings.epsilon
            np.divide(m, scratch, out=g)
            g *= rate * c * math.sqrt(1 - b2**t)
        chunk.weights[...] -= g
