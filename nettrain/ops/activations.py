"""The activations that a config may name."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.op import Op
from nettrain.config.fields import NoSettings, Rate, Record
from nettrain.ops.gelu import gelu
from nettrain.ops.leaky_relu import leaky_relu
from nettrain.ops.relu import relu
from nettrain.ops.sigmoid import sigmoid
from nettrain.ops.silu import silu
from nettrain.ops.tanh import tanh


@dataclass(frozen=True)
class LeakyReluConfig(Record, short="negative_slope", aliases={"alpha": "negative_slope", "slope": "negative_slope"}):
    """Settings of ``leaky_relu``."""

    negative_slope: Rate = 0.01


ACTIVATIONS: dict[str, tuple[type[Record], Op | None]] = {  # the settings are the op's keywords
    "none": (NoSettings, None),
    "relu": (NoSettings, relu),
    "leaky_relu": (LeakyReluConfig, leaky_relu),
    "gelu": (NoSettings, gelu),
    "silu": (NoSettings, silu),
    "sigmoid": (NoSettings, sigmoid),
    "tanh": (NoSettings, tanh),
}
ACTIVATION_ALIASES = {"linear": "none", "identity": "none", "swish": "silu", "lrelu": "leaky_relu"}
