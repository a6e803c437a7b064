"""RMSprop: gradients divided by their own running size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettrain.config.fields import Fraction, Positive
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig


@dataclass(frozen=True, kw_only=True)
class RmspropConfig(OptimizerConfig, aliases={**OptimizerConfig.aliases, "rho": "alpha", "eps": "epsilon"}):
    """Settings of ``rmsprop``: ``alpha`` is the share that the mean square keeps from step to step.

    ``momentum`` is the share of its velocity that a weight keeps; ``centered`` divides by the standard deviation of
    the gradient in place of its root mean square.
    """

    lr: Positive = 0.01
    alpha: Fraction = 0.99
    epsilon: Positive = 1e-8
    momentum: Fraction = 0.0
    centered: bool = False


class Rmsprop(Optimizer):
    """Steps divided by the root of a running mean square of the gradient.

    s <- a s + (1 - a) g^2;  w <- w - lr g / (sqrt(s) + epsilon).

    Centered, s is lessened by the square of a running mean m <- a m + (1 - a) g. With momentum k the quotient goes
    into v <- k v + g / (sqrt(s) + epsilon), and w <- w - lr v. Weight decay is added to the gradient.

    Notes    epsilon is added outside the root, as in PyTorch. What is lessened never falls below 0, as rounding could
             make it.
    Source   Hinton, "Neural Networks for Machine Learning", 2012, lecture 6e; centered: Graves, "Generating Sequences
             with Recurrent Neural Networks", 2013, equations 38 to 45.
    """

    slots = ("mean_square", "mean", "velocity")

    settings: RmspropConfig

    @classmethod
    def slots_of(cls, settings: RmspropConfig) -> tuple[str, ...]:
        wanted = {"mean_square": True, "mean": settings.centered, "velocity": settings.momentum > 0}
        return tuple(slot for slot in cls.slots if wanted[slot])

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        a = self.settings.alpha
        w, s, scratch = chunk.weights, chunk.slots["mean_square"], chunk.scratch
        s *= a
        np.square(g, out=scratch)
        scratch *= 1 - a
        s += scratch
        if self.settings.centered:
            m = chunk.slots["mean"]
            m *= a
            np.multiply(g, 1 - a, out=scratch)
            m += scratch
            np.square(m, out=scratch)
            np.subtract(s, scratch, out=scratch)
            np.maximum(scratch, 0, out=scratch)
            np.sqrt(scratch, out=scratch)
        else:
            np.sqrt(s, out=scratch)
        scratch += self.settings.epsilon
        g /= scratch
        if self.settings.momentum:
            v = chunk.slots["velocity"]
            v *= self.settings.momentum
            v += g
            np.multiply(v, lr, out=g)
        else:
            g *= lr
        w -= g
