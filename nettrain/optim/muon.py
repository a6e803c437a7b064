"""Muon: matrices move by momentum with all its directions made equally long, everything else by AdamW."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.arrays.newton_schulz import multiplications, orthogonalize, square_numbers
from nettrain.arrays.norm import squares_memory
from nettrain.arrays.pieces import Lanes, product_nanoseconds
from nettrain.config.fields import Count, Fraction, Positive, Rate, Record
from nettrain.optim.adamw import AdamW, AdamWConfig
from nettrain.optim.groups import matches, unmatched
from nettrain.optim.optimizer import Array, Chunk, Optimizer
from nettrain.optim.settings import OptimizerConfig

FLOAT_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class OthersConfig(Record, short="lr", aliases={"eps": "epsilon", "learning_rate": "lr"}):
    """AdamW for what is no matrix, and for the parameters that ``match`` lists, such as those of the last layer."""

    lr: Positive = 3e-4
    betas: tuple[Fraction, Fraction] = (0.9, 0.95)
    epsilon: Positive = 1e-8
    match: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MuonConfig(OptimizerConfig, aliases={**OptimizerConfig.aliases, "ns_steps": "iterations"}):
    """Settings of ``muon``: ``lr`` and ``momentum`` of the matrices; ``adamw`` has those of everything else.

    ``iterations`` are those of Newton and Schulz. ``weight_decay`` and ``groups`` are for all parameters, and the
    schedule scales both learning rates.
    """

    lr: Positive = 0.02
    weight_decay: Rate = 0.01
    momentum: Fraction = 0.95
    nesterov: bool = True
    iterations: Count = 5
    adamw: OthersConfig = OthersConfig()

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        if "nesterov" in given and self.nesterov and self.momentum == 0:
            yield "nesterov", "has no effect without momentum; set momentum, such as 0.95"

    @property
    def others(self) -> AdamWConfig:
        """The settings of AdamW for what is no matrix."""
        inner = self.adamw
        return AdamWConfig(
            lr=inner.lr,
            betas=inner.betas,
            epsilon=inner.epsilon,
            weight_decay=self.weight_decay,
            no_decay=self.no_decay,
            groups=self.groups,
        )


class Muon(Optimizer):
    """Matrices move by their momentum with all of its directions made equally long; everything else by AdamW.

    v <- k v + (1 - k) g; with Nesterov's momentum x = k v + (1 - k) g, else x = v; x is brought to singular values of
    about 1 (``arrays/newton_schulz.py``); w <- w - lr d w - lr sqrt(max(1, K / F)) x, for a matrix of F numbers into K.
    A filter (R,S,C,K) is the matrix (R S C, K).

    Notes    AdamW for the last layer is usual, too: list its weight in ``adamw.match``.
    Source   Jordan et al., "Muon: An Optimizer for Hidden Layers in Neural Networks", 2024; the scale and decay as in
             PyTorch.
    """

    def __init__(self, settings: MuonConfig, weights: Flat) -> None:
        super().__init__(settings, weights, ())
        names = matrices(settings, {name: view.shape for name, view in weights.views.items()})
        self._matrices = _Matrices(settings, weights, names)
        self._others = AdamW(settings.others, weights, [name for name in weights.views if name not in names])
        self._ratio = settings.adamw.lr / settings.lr

    def move(self, gradients: Array, lr: float) -> None:
        for part in (self._matrices, self._others):
            part.steps = self.steps
        self._matrices.move(gradients, lr)
        self._others.move(gradients, lr * self._ratio)

    def state(self) -> dict[str, Array]:
        return {**self._matrices.state(), **self._others.state()}


def matrices(settings: MuonConfig, shapes: Mapping[str, tuple[Any, ...]]) -> tuple[str, ...]:
    """Which parameters move as matrices: those of two axes or more that ``adamw.match`` does not list."""
    return tuple(name for name, shape in shapes.items() if len(shape) > 1 and not matches(name, settings.adamw.match))


def working_numbers(settings: MuonConfig, shapes: Mapping[str, tuple[Any, ...]]) -> int:
    """How many numbers a step works with beside weights, gradients and state: of each lane a matrix and two squares."""
    sizes = [(math.prod(shapes[name][:-1]), shapes[name][-1]) for name in matrices(settings, shapes)]
    longest = max((F * K for F, K in sizes), default=0)
    lanes = Lanes.of(len(sizes), longest * FLOAT_BYTES).count
    return lanes * (longest + 2 * max((square_numbers(F, K) for F, K in sizes), default=0))


def match_faults(settings: MuonConfig, shapes: Mapping[str, tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    """A ``(key, message)`` for each pattern of ``adamw.match`` that has no effect on parameters of these shapes.

    Notes    Another, if the patterns leave no matrix to Muon itself, or settings of AdamW stand there for nothing.
    """
    lost = dict(unmatched(shapes, settings.adamw.match, "adamw.match"))
    yield from lost.items()
    moved = matrices(settings, shapes)
    if len(moved) == len(shapes) and settings.adamw != OthersConfig():
        yield "adamw", "has no effect: every parameter is a matrix, and none is left to AdamW; leave it out"
    if not moved:
        yield "adamw.match", "lists every matrix, so that all is moved by AdamW; take adamw, or list fewer"
    for place, pattern in enumerate(settings.adamw.match):
        key = f"adamw.match.{place}"
        if key not in lost and not any(len(shape) > 1 for name, shape in shapes.items() if matches(name, [pattern])):
            yield key, f"{pattern!r} matches no matrix, and all else is AdamW's anyway; leave it out"


class _Matrices(Optimizer):
    """The part of Muon that moves matrices."""

    slots = ("velocity",)
    decay = "decoupled"
    unit = "parameter"

    settings: MuonConfig

    def __init__(self, settings: MuonConfig, weights: Flat, names: Collection[str]) -> None:
        super().__init__(settings, weights, names)
        self._shapes = {name: (-1, weights.views[name].shape[-1]) for name in names}
        sizes = [weights.views[name].reshape(shape).shape for name, shape in self._shapes.items()]
        lanes, square = self._lanes.count, max((square_numbers(F, K) for F, K in sizes), default=0)
        self._squares = np.empty((lanes, 2, square), weights.array.dtype)
        self._memory = [squares_memory() for _ in range(lanes)]
        products = sum(multiplications(F, K, settings.iterations) for F, K in sizes)
        self.nanoseconds += product_nanoseconds(products)

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        k, v, shape = self.settings.momentum, chunk.slots["velocity"], self._shapes[chunk.parameter]
        v *= k
        g *= 1 - k
        v += g
        if self.settings.nesterov:
            np.multiply(v, k, out=chunk.scratch)
            g += chunk.scratch
        else:
            g[...] = v
        matrix, (one, other) = g.reshape(shape), self._squares[chunk.lane]
        F, K = matrix.shape
        moved = orthogonalize(
            matrix,
            chunk.scratch.reshape(shape),
            (one, other),
            self._memory[chunk.lane],
            self.settings.iterations,
        ).reshape(-1)
        moved *= lr * math.sqrt(max(1.0, K / F))
        chunk.weights[...] -= moved
