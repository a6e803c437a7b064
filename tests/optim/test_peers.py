"""Fifty steps beside PyTorch, where it is installed, and beside plain loops of rules that it does not have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from optim.beside import CLIP_NORM, CLIP_VALUE, LR, OPTIMIZERS, SHAPES, STEPS, Array, gradient, lr_of, start
from optim_cases import made

from nettrain.arrays.flat import Flat
from nettrain.optim.muon import OthersConfig
from nettrain.optim.optimizer import Optimizer

OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("sgd", {"momentum": 0.9, "weight_decay": 0.1}),
    "nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}),
    "adam": ("adam", {"weight_decay": 0.1}),
    "adamw": ("adamw", {"weight_decay": 0.1}),
    "nadam": ("nadam", {"weight_decay": 0.1}),
    "radam": ("radam", {"weight_decay": 0.1}),
    "nadam, decoupled": ("nadam", {"weight_decay": 0.1, "decoupled": True}),
    "radam, decoupled": ("radam", {"weight_decay": 0.1, "decoupled": True}),
    "rmsprop": ("rmsprop", {"weight_decay": 0.1}),
    "rmsprop with momentum": ("rmsprop", {"momentum": 0.9}),
    "rmsprop centered": ("rmsprop", {"centered": True, "alpha": 0.9}),
    "adagrad": ("adagrad", {"initial": 0.1}),
    "adadelta": ("adadelta", {"weight_decay": 0.1}),
    "clip_norm": ("sgd", {"clip_norm": CLIP_NORM}),
    "clip_value": ("sgd", {"clip_value": CLIP_VALUE}),
    "muon": ("muon", {"lr": LR, "weight_decay": 0.1, "adamw": OthersConfig(lr=0.01)}),
    "muon without nesterov": (
        "muon",
        {"lr": LR, "weight_decay": 0.1, "nesterov": False, "adamw": OthersConfig(lr=0.01)},
    ),
}
TOLERANCE = {"nadam": 1e-5, "nadam, decoupled": 1e-5}  # PyTorch keeps the product of its momenta in float32


def weights() -> Flat:
    memory = Flat(SHAPES, np.float64)
    memory.array[:] = start()
    return memory


def path(optimizer: Optimizer, weights: Flat, lr: float) -> Iterator[Array]:
    """The weights after every step: one array, that goes on."""
    for step in range(STEPS):
        gradients = Flat(SHAPES, np.float64)
        gradients.array[:] = gradient(step, weights.array)
        optimizer.step(gradients, lr)
        yield weights.array


def compare(name: str, of_step: Callable[[int], Array], kind: str, settings: dict[str, Any]) -> None:
    """The weights of both sides, in float64, after every step."""
    ours, close = weights(), TOLERANCE.get(name, 1e-9)
    for step, found in enumerate(path(made(kind, ours, **settings), ours, lr_of(name))):
        np.testing.assert_allclose(found, of_step(step), rtol=close, atol=close / 1000, err_msg=f"step {step}")
    assert np.abs(ours.array - start()).max() > LR


def test_every_row_has_both_sides() -> None:
    assert set(OURS) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", OURS)
def test_fifty_steps_beside_pytorch(name: str, of_pytorch: Callable[[str], Array]) -> None:
    theirs = of_pytorch(name)
    compare(name, lambda step: theirs[step], *OURS[name])


def test_fifty_steps_of_lion_beside_a_plain_loop() -> None:
    w, m = start(), np.zeros(len(start()))

    def of_step(step: int) -> Array:
        g = gradient(step, w)
        for i in range(w.size):
            direction = 0.9 * m[i] + 0.1 * g[i]
            w[i] -= LR * (math.copysign(1.0, direction) + 0.2 * w[i])
            m[i] = 0.99 * m[i] + 0.01 * g[i]
        return w

    compare("lion", of_step, "lion", {"weight_decay": 0.2})


def test_fifty_steps_of_lamb_beside_a_plain_loop() -> None:
    w, (m, s) = start(), (np.zeros(len(start())) for _ in range(2))

    def of_step(step: int) -> Array:
        g, t = gradient(step, w), step + 1
        for name, span in weights().spans.items():
            m[span] = 0.9 * m[span] + 0.1 * g[span]
            s[span] = 0.999 * s[span] + 0.001 * g[span] ** 2
            u = m[span] / (1 - 0.9**t) / (np.sqrt(s[span] / (1 - 0.999**t)) + 1e-6)
            if name.endswith("bias"):
                w[span] -= LR * u
            else:
                u += 0.1 * w[span]
                w[span] -= LR * np.linalg.norm(w[span]) / np.linalg.norm(u) * u
        return w

    compare("lamb", of_step, "lamb", {"weight_decay": 0.1, "no_decay": ("*.bias",)})


def test_fifty_steps_of_lookahead_beside_a_plain_loop() -> None:
    fast = slow = start()

    def of_step(step: int) -> Array:
        nonlocal fast, slow
        fast = fast - LR * gradient(step, fast)
        if step % 6 == 5:
            fast = slow = 0.2 * fast + 0.8 * slow
        return fast

    compare("lookahead", of_step, "lookahead", {"inside": "sgd", "sync": 6, "alpha": 0.2})
