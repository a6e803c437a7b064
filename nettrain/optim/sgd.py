"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettrain.config.fields import Fraction, Positive
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig


@dataclass(frozen=True, kw_only=True)
class SgdConfig(OptimizerConfig):
    """Settings of ``sgd``: ``momentum`` is the share of its velocity that a weight keeps from step to step."""

    lr: Positive = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = False

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        if self.nesterov and self.momentum == 0:
            yield (
                "nesterov",
                "has no effect without momentum, because it looks ahead along the velocity; set momentum, such as 0.9",
            )


class Sgd(Optimizer):
    """Plain gradient descent, or with momentum that carries it on.  v <- m v + g;  w <- w - lr v.

    With Nesterov's momentum w <- w - lr (g + m v). Weight decay is added to the gradient.

    Source   Sutskever, Martens, Dahl, Hinton, "On the Importance of Initialization and Momentum in Deep Learning",
             2013, equations 1 to 4, with lr moved out of v as PyTorch does.
    """

    slots = ("velocity",)

    settings: SgdConfig

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        w, v, move = chunk.weights, chunk.slots["velocity"], chunk.scratch
        v *= self.settings.momentum
        v += g
        if self.settings.nesterov:
            np.multiply(v, self.settings.momentum, out=move)
            move += g
            move *= lr
        else:
            np.multiply(v, lr, out=move)
        w -= move
