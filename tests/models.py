"""Networks from a few lines of config, for tests of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.autograd.tensor import Dim, Graph, Tensor
from nettrain.config.reader import read_text
from nettrain.errors import ConfigError
from nettrain.model.kinds import TABLES
from nettrain.model.layer import Pass
from nettrain.model.network import ModelConfig, Network, build_network

Array = npt.NDArray[Any]
TRAINING = Pass(training=True, seed=3, epoch=2, step=5, start=10)
INFERENCE = Pass(training=False)


def config(text: str) -> ModelConfig:
    """A model's config, as it stands under ``model:``."""
    return read_text(text, "train.yaml", ModelConfig, TABLES, "/").config


def faults(text: str) -> list[str]:
    """What the reader has against it, each as its whole line."""
    try:
        config(text)
    except ConfigError as error:
        return [line.removeprefix("nettrain: error: ") for line in error.lines()]
    return []


def layers(*lines: str, **settings: str) -> str:
    """The config of these layers."""
    head = "".join(f"{key}: {value}\n" for key, value in settings.items())
    return head + "layers:\n" + "".join(f"  - {line}\n" for line in lines)


def described(text: str, shape: tuple[int, ...] = (8, 8, 3), classes: Dim = 5) -> Network:
    """The network without memory."""
    return build_network(config(text), shape, classes)


def network(
    text: str, shape: tuple[int, ...] = (8, 8, 3), classes: int = 5, dtype: npt.DTypeLike = np.float32
) -> Network:
    """The network with memory; what starts as zeros or ones gets other numbers, so that it shows."""
    built = described(text, shape, classes)
    built.materialise(1, dtype)
    random = np.random.default_rng(2)
    for array in built.state().values():
        if np.ptp(array) == 0:
            array[...] = random.uniform(0.5, 1.5, array.shape)
    return built


def pictures(n: int, shape: Sequence[int] = (8, 8, 3), dtype: npt.DTypeLike = np.float32, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(size=(n, *shape)).astype(dtype)


def recorded(array: Array) -> Tensor:
    return Graph().input(array)
