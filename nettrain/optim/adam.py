"""Adam: steps scaled by running moments of the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettrain.config.fields import Fraction, Positive
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig


@dataclass(frozen=True, kw_only=True)
class AdamConfig(OptimizerConfig, aliases={**OptimizerConfig.aliases, "eps": "epsilon"}):
    """Settings of ``adam``: ``betas`` are the shares that the mean and the mean square keep from step to step."""

    lr: Positive = 0.001
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    epsilon: Positive = 1e-8


@dataclass(frozen=True, kw_only=True)
class EitherDecayConfig(AdamConfig, aliases={**AdamConfig.aliases, "decoupled_weight_decay": "decoupled"}):
    """Settings of a kind whose weight decay is added to the gradient or, ``decoupled``, is apart from it."""

    decoupled: bool = False

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        if self.decoupled and not self.decays:
            yield "decoupled", "has no effect when weight_decay is 0; set weight_decay, or leave it out"


def take_moments(chunk: Chunk, g: Array, betas: tuple[float, float]) -> tuple[Array, Array]:
    """m <- b1 m + (1 - b1) g and s <- b2 s + (1 - b2) g^2, in the slots ``mean`` and ``mean_square``.

    Notes    ``g`` and the chunk's scratch are overwritten.
    """
    b1, b2 = betas
    m, s = chunk.slots["mean"], chunk.slots["mean_square"]
    m *= b1
    np.multiply(g, 1 - b1, out=chunk.scratch)
    m += chunk.scratch
    s *= b2
    np.square(g, out=g)
    g *= 1 - b2
    s += g
    return m, s


class Adam(Optimizer):
    """Steps along a running mean, each weight's by the size of its own gradients.

    m <- b1 m + (1 - b1) g;  s <- b2 s + (1 - b2) g^2;  w <- w - lr m' / (sqrt(s') + epsilon).

    m' = m / (1 - b1^t) and s' = s / (1 - b2^t) at step t = 1, 2, ... take away that both start at 0. Weight decay is
    added to the gradient, and so scaled with it; ``adamw`` is usually what is wanted with decay.

    Source   Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
    """

    slots = ("mean", "mean_square")

    settings: AdamConfig

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        b1, b2 = self.settings.betas
        t = self.steps + 1
        m, s = take_moments(chunk, g, self.settings.betas)
        scratch = chunk.scratch
        np.multiply(s, 1 / (1 - b2**t), out=scratch)
        np.sqrt(scratch, out=scratch)
        scratch += self.settings.epsilon
        np.divide(m, scratch, out=g)
        g *= lr / (1 - b1**t)
        chunk.weights[...] -= g
