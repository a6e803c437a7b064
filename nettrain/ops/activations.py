"""The activations that a config may name."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.op import Op
from nettrain.config.fields import NoSettings, Rate, Record
from nettrain.ops.elu import elu
from nettrain.ops.gelu import gelu
from nettrain.ops.gelu_tanh import gelu_tanh
from nettrain.ops.hard_sigmoid import hard_sigmoid
from nettrain.ops.hard_swish import hard_swish
from nettrain.ops.leaky_relu import leaky_relu
from nettrain.ops.mish import mish
from nettrain.ops.relu import relu
from nettrain.ops.selu import selu
from nettrain.ops.sigmoid import sigmoid
from nettrain.ops.silu import silu
from nettrain.ops.softmax import softmax
from nettrain.ops.softplus import softplus
from nettrain.ops.tanh import tanh


@dataclass(frozen=True)
class LeakyReluConfig(Record, short="negative_slope", aliases={"alpha": "negative_slope", "slope": "negative_slope"}):
    """Settings of ``leaky_relu``."""

    negative_slope: Rate = 0.01


@dataclass(frozen=True)
class EluConfig(Record, short="alpha"):
    """Settings of ``elu``; it settles at -alpha."""

    alpha: Rate = 1.0


ACTIVATIONS: dict[str, tuple[type[Record], Op | None]] = {  # the settings are the op's keywords
    "none": (NoSettings, None),
    "relu": (NoSettings, relu),
    "leaky_relu": (LeakyReluConfig, leaky_relu),
    "elu": (EluConfig, elu),
    "selu": (NoSettings, selu),
    "gelu": (NoSettings, gelu),
    "gelu_tanh": (NoSettings, gelu_tanh),
    "silu": (NoSettings, silu),
    "mish": (NoSettings, mish),
    "softplus": (NoSettings, softplus),
    "hard_swish": (NoSettings, hard_swish),
    "hard_sigmoid": (NoSettings, hard_sigmoid),
    "sigmoid": (NoSettings, sigmoid),
    "tanh": (NoSettings, tanh),
    "softmax": (NoSettings, softmax),
}
ACTIVATION_ALIASES = {
    "linear": "none",
    "identity": "none",
    "swish": "silu",
    "lrelu": "leaky_relu",
    "gelu_new": "gelu_tanh",
    "hardswish": "hard_swish",
    "hard_silu": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
}
