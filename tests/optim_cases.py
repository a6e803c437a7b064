"""What the tests of optimizers share: a row for each kind, flat memory to move, and gradients to move it by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.flat import Flat
from nettrain.config.fields import Chosen
from nettrain.optim.muon import OthersConfig
from nettrain.optim.optimizer import CHUNK, Optimizer
from nettrain.optim.settings import GroupConfig
from nettrain.optim.table import OPTIMIZERS, make

SHAPES = {
    "layers.0.weight": (3, 3, 5, 7),
    "layers.0.bias": (7,),
    "layers.1.norm.weight": (9,),
    "layers.2.weight": (CHUNK + 11, 2),  # several chunks, the last one short
    "layers.2.bias": (2,),
}


CASES: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {  # a kind, settings, what it remembers of each weight
    "sgd": ("sgd", {"momentum": 0.9, "nesterov": True}, ("velocity",)),
    "adam": ("adam", {}, ("mean", "mean_square")),
    "adamw": ("adamw", {}, ("mean", "mean_square")),
    "nadam": ("nadam", {}, ("mean", "mean_square")),
    "radam": ("radam", {"betas": (0.9, 0.9)}, ("mean", "mean_square")),
    "lamb": ("lamb", {}, ("mean", "mean_square")),
    "lion": ("lion", {}, ("mean",)),
    "muon": ("muon", {"adamw": OthersConfig(match=("layers.2.weight",))}, ()),
    "muon of all matrices": ("muon", {"nesterov": False, "iterations": 2}, ()),
    "rmsprop": ("rmsprop", {}, ("mean_square",)),
    "rmsprop with all": ("rmsprop", {"momentum": 0.9, "centered": True}, ("mean_square", "mean", "velocity")),
    "adagrad": ("adagrad", {"initial": 0.1}, ("sum_of_squares",)),
    "adadelta": ("adadelta", {}, ("mean_square", "mean_square_step")),
    "lookahead": ("lookahead", {"inside": "adamw", "sync": 2}, ("mean", "mean_square", "slow")),
    "clipped": ("adam", {"clip_norm": 0.5}, ("mean", "mean_square")),
    "in groups": (
        "sgd",
        {"groups": (GroupConfig("*.bias", lr=0.3), GroupConfig(("*norm*", "*.0.*"), lr=0.2))},
        ("velocity",),
    ),
}


def made(kind: str, weights: Flat, **settings: Any) -> Optimizer:
    """An optimizer of the table with these settings; what a lookahead has not is for the one ``inside``."""
    return make(chosen(kind, **settings), weights)


def chosen(kind: str, **settings: Any) -> Chosen:
    """The choice of an optimizer, as the config makes it."""
    record = OPTIMIZERS[kind][0]
    if kind == "lookahead":
        own = {key: settings.pop(key) for key in ("sync", "alpha") if key in settings}
        return Chosen(kind, record(optimizer=chosen(settings.pop("inside"), **settings), **own))
    return Chosen(kind, record(**{"lr": 0.1, **settings} if kind == "sgd" else settings))


def of_case(name: str, weights: Flat, **settings: Any) -> Optimizer:
    """The optimizer of a row, with further settings."""
    kind, own, _ = CASES[name]
    return made(kind, weights, **own, **settings)


def flat(seed: int, shapes: Mapping[str, tuple[int, ...]] = SHAPES, dtype: npt.DTypeLike = np.float32) -> Flat:
    """Random numbers under these names."""
    memory = Flat(shapes, dtype)
    memory.array[:] = np.random.default_rng(seed).normal(size=memory.array.size)
    return memory


def numbers(values: list[float], dtype: npt.DTypeLike = np.float64) -> Flat:
    """One parameter "w" that holds these numbers."""
    memory = Flat({"w": (len(values),)}, dtype)
    memory.array[:] = values
    return memory
