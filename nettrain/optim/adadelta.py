"""Adadelta: steps as large as the steps before them, by the size of the gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettrain.config.fields import Fraction, Positive
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig


@dataclass(frozen=True, kw_only=True)
class AdadeltaConfig(OptimizerConfig, aliases={**OptimizerConfig.aliases, "eps": "epsilon"}):
    """Settings of ``adadelta``: ``rho`` is the share that both mean squares keep from step to step."""

    lr: Positive = 1.0
    rho: Fraction = 0.9
    epsilon: Positive = 1e-6


class Adadelta(Optimizer):
    """Steps about as large as those before them, whatever the size of the gradient, so that lr is about 1.

    s <- r s + (1 - r) g^2;  w <- w - lr d, where d = g sqrt(q + epsilon) / sqrt(s + epsilon), and then
    q <- r q + (1 - r) d^2. Weight decay is added to the gradient.

    Source   Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1, with lr as PyTorch and Keras
             add it.
    """

    slots = ("mean_square", "mean_square_step")

    settings: AdadeltaConfig

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        r, epsilon, scratch = self.settings.rho, self.settings.epsilon, chunk.scratch
        s, q = chunk.slots["mean_square"], chunk.slots["mean_square_step"]
        s *= r
        np.square(g, out=scratch)
        scratch *= 1 - r
        s += scratch
        for mean_square, apply in ((q, np.multiply), (s, np.divide)):
            np.add(mean_square, epsilon, out=scratch)
            np.sqrt(scratch, out=scratch)
            apply(g, scratch, out=g)
        q *= r
        np.square(g, out=scratch)
        scratch *= 1 - r
        q += scratch
        g *= lr
        chunk.weights[...] -= g
