"""Lookahead: slow weights that follow another optimizer's fast ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.config.fields import Chosen, Count, Limit, OneOf, Record
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig


@dataclass(frozen=True, kw_only=True)
class LookaheadConfig(
    Record,
    leads={"lr": "optimizer.*.lr"},
    aliases={"k": "sync", "sync_period": "sync", "slow_step": "alpha", "slow_step_size": "alpha"},
):
    """Settings of ``lookahead``: ``optimizer`` makes the steps, and its settings stand there, ``lr`` among them.

    After each ``sync`` of its steps the slow weights go the share ``alpha`` of the way to the fast ones.
    """

    optimizer: Annotated[Chosen, OneOf("optimizers")]
    sync: Count = 5
    alpha: Annotated[float, Limit(0, 1, open_low=True, open_high=True)] = 0.5

    @property
    def lr(self) -> float:
        """The learning rate of the optimizer inside."""
        return float(self.optimizer.settings.lr)

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if isinstance(self.optimizer.settings, LookaheadConfig):
            yield "optimizer", "expected an optimizer that makes steps of its own, got another lookahead"


class Lookahead(Optimizer):
    """Slow weights that go a share of the way to another optimizer's weights, which then go on from there.

    After every k steps of the optimizer inside: slow <- slow + a (w - slow), then w <- slow. What the optimizer inside
    remembers stays. The slow weights begin as the weights are before the first step.

    Notes    Validation and checkpoints between two such moments see the fast weights.
    Source   Zhang, Lucas, Hinton, Ba, "Lookahead Optimizer: k Steps Forward, 1 Step Back", 2019, algorithm 1.
    """

    slots = ("slow",)

    def __init__(self, settings: LookaheadConfig, weights: Flat, inside: Optimizer) -> None:
        super().__init__(OptimizerConfig(lr=settings.lr), weights)
        self.sync, self.alpha, self.inside = settings.sync, settings.alpha, inside

    def step(self, gradients: Flat, lr: float) -> None:
        if self.steps == 0:
            np.copyto(self._slots["slow"].array, self.weights.array)
        self.inside.steps = self.steps
        self.inside.step(gradients, lr)
        if (self.steps + 1) % self.sync == 0:
            self.move(gradients.array, float(lr))
        self.steps += 1

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        w, slow, scratch = chunk.weights, chunk.slots["slow"], chunk.scratch
        np.subtract(w, slow, out=scratch)
        scratch *= self.alpha
        slow += scratch
        w[...] = slow

    def state(self) -> dict[str, Array]:
        return {**self.inside.state(), **super().state()}
