"""What the tests of optimizers share: flat memory to move, and gradients to move it by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.flat import Flat
from nettrain.optim.optimizer import CHUNK, Optimizer
from nettrain.optim.settings import OptimizerConfig
from nettrain.optim.table import OPTIMIZERS

SHAPES = {
    "layers.0.weight": (3, 3, 5, 7),
    "layers.0.bias": (7,),
    "layers.1.norm.weight": (9,),
    "layers.2.weight": (CHUNK + 11, 2),  # several chunks, the last one short
    "layers.2.bias": (2,),
}


def made(kind: str, weights: Flat, **settings: Any) -> Optimizer:
    """An optimizer of the table with these settings."""
    record, optimizer = OPTIMIZERS[kind]
    config = record(**settings)
    assert isinstance(config, OptimizerConfig)
    return optimizer(config, weights)


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
