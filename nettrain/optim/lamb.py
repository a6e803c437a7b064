"""LAMB: Adam's steps, made as long as the weights of each parameter ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.arrays.norm import squares_memory, sum_of_squares
from nettrain.config.fields import Positive, Rate
from nettrain.optim.adam import AdamConfig, take_moments
from nettrain.optim.groups import matches
from nettrain.optim.optimizer import Array, Chunk, Optimizer


@dataclass(frozen=True, kw_only=True)
class LambConfig(AdamConfig):
    """Settings of ``lamb``; what ``no_decay`` lists has steps that are not scaled by its weights either."""

    no_decay_scales: ClassVar[bool] = True

    lr: Positive = 0.001
    epsilon: Positive = 1e-6
    weight_decay: Rate = 0.01


class Lamb(Optimizer):
    """Adam's steps as long as the weights of their parameter: for very large batches.

    u = m' / (sqrt(s') + epsilon) + d w, with m' and s' as in Adam and weight decay d; w <- w - lr u |w| / |u|, where
    |w| and |u| are the Euclidean norms over all of a parameter. Where one of them is 0, or ``no_decay`` lists the
    parameter (as is usual for biases and norms), w <- w - lr u.

    Notes    The norms are added up in float64, chunk by chunk in order.
    Source   You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 Minutes", 2020, algorithm 2.
    """

    slots = ("mean", "mean_square")
    decay = "own"
    unit = "piece"

    settings: LambConfig

    def __init__(self, settings: LambConfig, weights: Flat) -> None:
        super().__init__(settings, weights)
        self._memory = [squares_memory() for _ in range(self._lanes.count)]
        self._sums = {chunk.span.start: (0.0, 0.0) for chunk in self._chunks}  # of squares: of w, of u
        self._scaled = {name: not matches(name, settings.no_decay) for name in weights.views}

    def move(self, gradients: Array, lr: float) -> None:
        super().move(gradients, lr)  # u, in the place of the gradients, and its sums
        ratios = self._ratios()

        def take(chunk: Chunk) -> None:
            np.multiply(gradients[chunk.span], lr * chunk.lr_factor * ratios[chunk.parameter], out=chunk.scratch)
            chunk.weights[...] -= chunk.scratch

        self.each_chunk(take)

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        b1, b2 = self.settings.betas
        t = self.steps + 1
        m, s = take_moments(chunk, g, self.settings.betas)
        w, scratch = chunk.weights, chunk.scratch
        np.multiply(s, 1 / (1 - b2**t), out=scratch)
        np.sqrt(scratch, out=scratch)
        scratch += self.settings.epsilon
        np.divide(m, scratch, out=g)
        g *= 1 / (1 - b1**t)
        if chunk.weight_decay:
            np.multiply(w, chunk.weight_decay, out=scratch)
            g += scratch
        memory = self._memory[chunk.lane]
        self._sums[chunk.span.start] = (sum_of_squares(w, memory), sum_of_squares(g, memory))

    def _ratios(self) -> dict[str, float]:
        """|w| / |u| of each parameter, or 1."""
        totals = dict.fromkeys((chunk.parameter for chunk in self._chunks), (0.0, 0.0))
        for chunk in self._chunks:
            (w, u), (more_w, more_u) = totals[chunk.parameter], self._sums[chunk.span.start]
            totals[chunk.parameter] = (w + more_w, u + more_u)
        return {
            name: math.sqrt(w) / math.sqrt(u) if self._scaled[name] and w and u else 1.0
            for name, (w, u) in totals.items()
        }
