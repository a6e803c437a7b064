"""The norms that a conv or dense layer may name, each of which is a layer too."""

from __future__ import annotations

from collections.abc import Callable

from nettrain.config.fields import NoSettings, Record
from nettrain.model.layer import PartLayer
from nettrain.model.layers.batch_norm import BatchNormConfig, BatchNormLayer
from nettrain.model.layers.group_norm import GroupNormConfig, GroupNormLayer
from nettrain.model.layers.instance_norm import InstanceNormConfig, InstanceNormLayer
from nettrain.model.layers.layer_norm import LayerNormConfig, LayerNormLayer

NORMS: dict[str, tuple[type[Record], Callable[..., PartLayer] | None]] = {
    "none": (NoSettings, None),
    "batch_norm": (BatchNormConfig, BatchNormLayer),
    "layer_norm": (LayerNormConfig, LayerNormLayer),
    "group_norm": (GroupNormConfig, GroupNormLayer),
    "instance_norm": (InstanceNormConfig, InstanceNormLayer),
}
NORM_ALIASES = {
    "batch": "batch_norm",
    "bn": "batch_norm",
    "batchnorm": "batch_norm",
    "layer": "layer_norm",
    "ln": "layer_norm",
    "layernorm": "layer_norm",
    "group": "group_norm",
    "gn": "group_norm",
    "groupnorm": "group_norm",
    "instance": "instance_norm",
    "instancenorm": "instance_norm",
}
BY_CHANNEL = ("batch_norm", "instance_norm")  # each channel loses its mean, so that a bias before them has no effect
