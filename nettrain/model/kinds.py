"""The kinds that a config may name: layers, norms, activations, initialisers; reader, tests and docs walk these."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nettrain.config.fields import NoSettings, Record, Table
from nettrain.model.initialisers import INITIALISERS
from nettrain.model.layer import Layer
from nettrain.model.layers.activation import ActivationLayer
from nettrain.model.layers.avg_pool2d import AvgPool2d
from nettrain.model.layers.batch_norm import BatchNormConfig, BatchNormLayer
from nettrain.model.layers.conv2d import Conv2d, Conv2dConfig
from nettrain.model.layers.dense import Dense, DenseConfig
from nettrain.model.layers.dropout import Dropout, DropoutConfig
from nettrain.model.layers.flatten import Flatten
from nettrain.model.layers.global_avg_pool import GlobalAvgPool
from nettrain.model.layers.max_pool2d import MaxPool2d
from nettrain.model.layers.residual import Residual, ResidualConfig
from nettrain.model.layers.window_settings import PoolConfig
from nettrain.model.norms import NORM_ALIASES, NORMS
from nettrain.ops.activations import ACTIVATION_ALIASES, ACTIVATIONS

LAYERS: dict[str, tuple[type[Record], Callable[..., Layer]]] = {
    "dense": (DenseConfig, Dense),
    "conv2d": (Conv2dConfig, Conv2d),
    "max_pool2d": (PoolConfig, MaxPool2d),
    "avg_pool2d": (PoolConfig, AvgPool2d),
    "global_avg_pool": (NoSettings, GlobalAvgPool),
    "flatten": (NoSettings, Flatten),
    "dropout": (DropoutConfig, Dropout),
    "batch_norm": (BatchNormConfig, BatchNormLayer),
    "residual": (ResidualConfig, Residual),
    "relu": (ACTIVATIONS["relu"][0], partial(ActivationLayer, "relu")),
    "leaky_relu": (ACTIVATIONS["leaky_relu"][0], partial(ActivationLayer, "leaky_relu")),
    "gelu": (ACTIVATIONS["gelu"][0], partial(ActivationLayer, "gelu")),
    "silu": (ACTIVATIONS["silu"][0], partial(ActivationLayer, "silu")),
    "sigmoid": (ACTIVATIONS["sigmoid"][0], partial(ActivationLayer, "sigmoid")),
    "tanh": (ACTIVATIONS["tanh"][0], partial(ActivationLayer, "tanh")),
}
LAYER_ALIASES = {
    "linear": "dense",
    "fc": "dense",
    "conv": "conv2d",
    "max_pool": "max_pool2d",
    "maxpool": "max_pool2d",
    "avg_pool": "avg_pool2d",
    "avgpool": "avg_pool2d",
    "global_average_pooling2d": "global_avg_pool",
    "batchnorm": "batch_norm",
    "batch_norm2d": "batch_norm",
    "swish": "silu",
}
SOFTMAX = "the loss has the softmax in it, and wants the logits of the last layer as they are; leave it out"
CONTAINERS = (Residual,)  # built from layers of their own: their constructors take ``build`` too

TABLES = {
    "layers": Table.of(
        {kind: (row[0], ACTIVATIONS.get(kind, row)[1]) for kind, row in LAYERS.items()},
        LAYER_ALIASES,
        {"softmax": SOFTMAX},
    ),
    "norms": Table.of(NORMS, NORM_ALIASES),
    "activations": Table.of(ACTIVATIONS, ACTIVATION_ALIASES, {"softmax": SOFTMAX}),
    "initialisers": Table.of(INITIALISERS),
}
