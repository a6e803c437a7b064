"""What PyTorch does, for the tests to compare with: rows of optimizers and schedules, and a process that runs them.

``python beside.py FILE`` writes for each row the weights after every step, or the factor of every step. It is a process
of its own, for PyTorch takes seconds to load, and brings threads and a BLAS that the other tests are better without.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STEPS = 50
SHAPES = {"layers.0.weight": (6, 4), "layers.0.bias": (4,), "layers.1.weight": (3, 3, 2, 8)}
LR = 0.03

# name: PyTorch's class and settings; ours are in test_peers.py, under the same names
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adam": ("Adam", {"weight_decay": 0.1}),
    "adamw": ("AdamW", {"weight_decay": 0.1}),
    "nadam": ("NAdam", {"weight_decay": 0.1}),
    "radam": ("RAdam", {"weight_decay": 0.1}),
    "nadam, decoupled": ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "radam, decoupled": ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "rmsprop": ("RMSprop", {"weight_decay": 0.1}),
    "rmsprop with momentum": ("RMSprop", {"momentum": 0.9}),
    "rmsprop centered": ("RMSprop", {"centered": True, "alpha": 0.9}),
    "adagrad": ("Adagrad", {"initial_accumulator_value": 0.1}),
    "adadelta": ("Adadelta", {"weight_decay": 0.1}),
    "clip_norm": ("SGD", {}),
    "clip_value": ("SGD", {}),
    "muon": ("Muon", {"weight_decay": 0.1}),
    "muon without nesterov": ("Muon", {"weight_decay": 0.1, "nesterov": False}),
}
CLIP_NORM, CLIP_VALUE = 3.0, 0.5
TOTAL, EPOCH = 40, 5  # steps of the schedules' training, and of an epoch
VALUES = [0.5, 0.6, 0.6, 0.61, 0.59, 0.7, 0.7, 0.7, 0.69, 0.7, 0.7, 0.7, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "step": ("StepLR", {"step_size": 10, "gamma": 0.5}),
    "multistep": ("MultiStepLR", {"milestones": [10, 25, 27], "gamma": 0.5}),
    "exponential": ("ExponentialLR", {"gamma": 0.5 ** (1 / 5)}),
    "polynomial": ("PolynomialLR", {"total_iters": TOTAL, "power": 0.9}),
    "cosine": ("CosineAnnealingLR", {"T_max": TOTAL, "eta_min": 0.1}),
    "cosine_restarts": ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.1}),
    "cosine_restarts of one length": ("CosineAnnealingWarmRestarts", {"T_0": 7}),
    "onecycle": ("OneCycleLR", {"max_lr": 1.0, "total_steps": TOTAL}),
    "onecycle, straight": (
        "OneCycleLR",
        {"max_lr": 1.0, "total_steps": TOTAL, "pct_start": 0.25, "anneal_strategy": "linear", "div_factor": 10},
    ),
    "plateau": ("ReduceLROnPlateau", {"mode": "max", "patience": 2}),
    "plateau of a loss": ("ReduceLROnPlateau", {"mode": "min", "patience": 1, "factor": 0.5, "min_lr": 0.1}),
    "plateau with all": (
        "ReduceLROnPlateau",
        {"mode": "max", "patience": 1, "cooldown": 2, "threshold": 0.15, "threshold_mode": "abs"},
    ),
}


def gradient(step: int, weights: Array) -> Array:
    """Noise, and a pull towards 0 that makes what one step does wrong grow in the next."""
    noise = np.random.default_rng(step).normal(size=weights.size)
    return noise + 0.3 * weights


def start() -> Array:
    """The weights before the first step."""
    return np.random.default_rng(1).normal(size=sum(map(math.prod, SHAPES.values())))


def of_optimizer(torch: Any, name: str) -> Array:
    """(STEPS, weights), a matrix of ours as PyTorch has it: (out, in)."""
    kind, settings = OPTIMIZERS[name]
    parameters, at = [], start()
    for shape in SHAPES.values():
        numbers, at = at[: math.prod(shape)], at[math.prod(shape) :]
        parameters.append(torch.tensor(numbers.reshape(-1, shape[-1]).T.copy(), requires_grad=True))
    optimizers = [getattr(torch.optim, kind)(parameters, lr=lr_of(name), **settings)] if kind != "Muon" else []
    if kind == "Muon":
        torch.Tensor.bfloat16 = torch.Tensor.clone  # what it iterates in; ours are the weights' own numbers
        optimizers.append(torch.optim.Muon([parameters[0], parameters[2]], lr=LR, **settings))
        optimizers.append(torch.optim.AdamW(parameters[1:2], lr=0.01, betas=(0.9, 0.95), weight_decay=0.1))

    def flat() -> Array:
        return np.concatenate([p.detach().numpy().T.reshape(-1) for p in parameters])

    found = []
    for step in range(STEPS):
        g = gradient(step, flat())
        for parameter in parameters:
            K, F = parameter.shape
            parameter.grad = torch.tensor(g[: F * K].reshape(F, K).T.copy())
            g = g[F * K :]
        if name == "clip_norm":  # PyTorch adds 1e-6 to the norm
            norm = math.sqrt(sum(float((p.grad**2).sum()) for p in parameters))
            torch.nn.utils.clip_grad_norm_(parameters, CLIP_NORM * (norm + 1e-6) / norm)
        if name == "clip_value":
            torch.nn.utils.clip_grad_value_(parameters, CLIP_VALUE)
        for optimizer in optimizers:
            optimizer.step()
        found.append(flat())
    return np.array(found)


def lr_of(name: str) -> float:
    """Adadelta's learning rate has another unit."""
    return 1.0 if name == "adadelta" else LR


def of_schedule(torch: Any, name: str) -> Array:
    """The factor of each step; for a plateau of each epoch, after the values of the epochs before."""
    kind, settings = SCHEDULES[name]
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = getattr(torch.optim.lr_scheduler, kind)(optimizer, **settings)
    factors = []
    for step in range(len(VALUES) if "plateau" in name else TOTAL):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if "plateau" in name:
            schedule.step(VALUES[step])
        elif step < TOTAL - 1:
            schedule.step()
    return np.array(factors)


def main(path: str) -> None:
    import torch

    rows: list[tuple[dict[str, tuple[str, dict[str, Any]]], Callable[[Any, str], Array], Any]] = [
        (OPTIMIZERS, of_optimizer, torch.optim),
        (SCHEDULES, of_schedule, torch.optim.lr_scheduler),
    ]
    found = {
        name: run(torch, name)
        for table, run, place in rows
        for name, (kind, _) in table.items()
        if hasattr(place, kind)
    }
    np.savez(path, **found)


if __name__ == "__main__":
    main(sys.argv[1])
