"""The norms that a conv or dense layer may name, each of which is a layer too."""

from __future__ import annotations

from collections.abc import Callable

from nettrain.autograd.tensor import Dim
from nettrain.config.fields import Chosen, NoSettings, Record
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


def takes_bias(norm: Chosen, channels: Dim) -> bool:
    """Whether a norm of so many channels takes away what a bias just before it adds."""
    return norm.kind in BY_CHANNEL or (norm.kind == "group_norm" and norm.settings.groups == channels)


def lost_bias(kind: str) -> str:
    """What is wrong with a bias before such a norm."""
    where = f"{kind} of one channel a group" if kind == "group_norm" else kind
    return f"a bias under {where} has no effect, because the norm takes the mean away; leave it out"
