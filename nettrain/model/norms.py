"""The norms that a conv or dense layer may name."""

from __future__ import annotations

from collections.abc import Callable

from nettrain.config.fields import NoSettings, Record
from nettrain.model.layer import PartLayer
from nettrain.model.layers.batch_norm import BatchNormConfig, BatchNormLayer

NORMS: dict[str, tuple[type[Record], Callable[..., PartLayer] | None]] = {
    "none": (NoSettings, None),
    "batch_norm": (BatchNormConfig, BatchNormLayer),
}
NORM_ALIASES = {"batch": "batch_norm", "bn": "batch_norm", "batchnorm": "batch_norm"}
