"""Adagrad: steps that shrink where gradients have been large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.config.fields import Positive, Rate
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig


@dataclass(frozen=True, kw_only=True)
class AdagradConfig(
    OptimizerConfig, aliases={**OptimizerConfig.aliases, "eps": "epsilon", "initial_accumulator_value": "initial"}
):
    """Settings of ``adagrad``: ``initial`` is the sum of squares that every weight begins with."""

    lr: Positive = 0.01
    initial: Rate = 0.0
    epsilon: Positive = 1e-10


class Adagrad(Optimizer):
    """Steps divided by the root of all squared gradients so far, so that they only ever shrink.

    s <- s + g^2;  w <- w - lr g / (sqrt(s) + epsilon).

    Weight decay is added to the gradient.

    Source   Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011,
             figure 1, with the diagonal of G alone.
    """

    slots = ("sum_of_squares",)

    settings: AdagradConfig

    def __init__(self, settings: AdagradConfig, weights: Flat) -> None:
        super().__init__(settings, weights)
        self._slots["sum_of_squares"].array.fill(settings.initial)

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        s, scratch = chunk.slots["sum_of_squares"], chunk.scratch
        np.square(g, out=scratch)
        s += scratch
        np.sqrt(s, out=scratch)
        scratch += self.settings.epsilon
        g *= lr
        g /= scratch
        chunk.weights[...] -= g
