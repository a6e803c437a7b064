"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.config.fields import Fraction, Positive, Rate
from nettrain.optim.adam import EitherDecayConfig
from nettrain.optim.optimizer import Array, Chunk, Optimizer

DECAY_BASE = 0.96  # Dozat's


@dataclass(frozen=True, kw_only=True)
class NadamConfig(EitherDecayConfig, aliases={**EitherDecayConfig.aliases, "schedule_decay": "momentum_decay"}):
    """Settings of ``nadam``: the larger ``momentum_decay``, the sooner the momentum has grown to the first beta."""

    lr: Positive = 0.002
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    momentum_decay: Rate = 0.004


class Nadam(Optimizer):
    """Adam that looks ahead along its running mean, as Nesterov's momentum does.

    m and s' as in Adam; the momentum of step t = 1, 2, ... is k(t) = b1 (1 - 0.96^(t p) / 2), and K(t) = k(1) ... k(t).
    w <- w - lr m' / (sqrt(s') + epsilon) with m' = m k(t+1) / (1 - K(t+1)) + g (1 - k(t)) / (1 - K(t)). Weight decay is
    added to the gradient, or apart from it as in AdamW.

    Source   Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2, with the k(t) that its author
             recommends (p is ``momentum_decay``), as in PyTorch.
    """

    slots = ("mean", "mean_square")

    settings: NadamConfig

    def __init__(self, settings: NadamConfig, weights: Flat) -> None:
        super().__init__(settings, weights)
        self.decay = "decoupled" if settings.decoupled else "coupled"
        self._known = (0, 1.0)  # a step t and K(t): remembered, not state, for it follows from t

    def momentum(self, t: int) -> float:
        """k(t)."""
        return self.settings.betas[0] * (1.0 - 0.5 * float(DECAY_BASE ** (t * self.settings.momentum_decay)))

    def product(self, t: int) -> float:
        """K(t), the same bits whether it is counted on from the step before or from the first."""
        known, product = self._known if self._known[0] <= t else (0, 1.0)
        for step in range(known + 1, t + 1):
            product *= self.momentum(step)
        self._known = (t, product)
        return product

    def move(self, gradients: Array, lr: float) -> None:
        self.product(self.steps + 1)  # before several threads ask
        super().move(gradients, lr)

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        b1, b2 = self.settings.betas
        t = self.steps + 1
        now, then, product = self.momentum(t), self.momentum(t + 1), self._known[1]
        m, s, scratch = chunk.slots["mean"], chunk.slots["mean_square"], chunk.scratch
        m *= b1
        np.multiply(g, 1 - b1, out=scratch)
        m += scratch
        s *= b2
        np.square(g, out=scratch)
        scratch *= 1 - b2
        s += scratch
        g *= lr * (1 - now) / (1 - product)
        np.multiply(m, lr * then / (1 - product * then), out=scratch)
        g += scratch
        np.multiply(s, 1 / (1 - b2**t), out=scratch)
        np.sqrt(scratch, out=scratch)
        scratch += self.settings.epsilon
        g /= scratch
        chunk.weights[...] -= g
