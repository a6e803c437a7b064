"""The kinds that a config may name: layers, norms, activations, initialisers; reader, tests and docs walk these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nettrain.config.fields import NoSettings, Record, Table
from nettrain.model.activations import ACTIVATION_LAYERS
from nettrain.model.initialisers import INITIALISERS
from nettrain.model.layer import Layer
from nettrain.model.layers.avg_pool2d import AvgPool2d
from nettrain.model.layers.avg_pool3d import AvgPool3d
from nettrain.model.layers.clip_window_settings import Pool3dConfig
from nettrain.model.layers.conv2d import Conv2d, Conv2dConfig
from nettrain.model.layers.conv3d import Conv3d, Conv3dConfig
from nettrain.model.layers.dense import Dense, DenseConfig
from nettrain.model.layers.depthwise_conv2d import DepthwiseConv2d, DepthwiseConv2dConfig
from nettrain.model.layers.drop_path import DropPath, DropPathConfig
from nettrain.model.layers.dropout import Dropout, DropoutConfig
from nettrain.model.layers.flatten import Flatten
from nettrain.model.layers.global_avg_pool import GlobalAvgPool
from nettrain.model.layers.global_max_pool import GlobalMaxPool
from nettrain.model.layers.max_pool2d import MaxPool2d
from nettrain.model.layers.max_pool3d import MaxPool3d
from nettrain.model.layers.parallel import Parallel, ParallelConfig
from nettrain.model.layers.residual import Residual, ResidualConfig
from nettrain.model.layers.separable_conv2d import SeparableConv2d, SeparableConv2dConfig
from nettrain.model.layers.squeeze_excite import SqueezeExcite, SqueezeExciteConfig
from nettrain.model.layers.time_avg_pool import TimeAvgPool
from nettrain.model.layers.time_distributed import TimeDistributed, TimeDistributedConfig
from nettrain.model.layers.time_max_pool import TimeMaxPool
from nettrain.model.layers.window_settings import PoolConfig
from nettrain.model.layers.zero_padding2d import ZeroPadding2d, ZeroPadding2dConfig
from nettrain.model.norms import NORM_ALIASES, NORMS
from nettrain.ops.activations import ACTIVATION_ALIASES, ACTIVATIONS

LAYERS: dict[str, tuple[type[Record], Callable[..., Layer]]] = {
    "dense": (DenseConfig, Dense),
    "conv2d": (Conv2dConfig, Conv2d),
    "depthwise_conv2d": (DepthwiseConv2dConfig, DepthwiseConv2d),
    "separable_conv2d": (SeparableConv2dConfig, SeparableConv2d),
    "conv3d": (Conv3dConfig, Conv3d),
    "max_pool2d": (PoolConfig, MaxPool2d),
    "avg_pool2d": (PoolConfig, AvgPool2d),
    "max_pool3d": (Pool3dConfig, MaxPool3d),
    "avg_pool3d": (Pool3dConfig, AvgPool3d),
    "global_avg_pool": (NoSettings, GlobalAvgPool),
    "global_max_pool": (NoSettings, GlobalMaxPool),
    "time_avg_pool": (NoSettings, TimeAvgPool),
    "time_max_pool": (NoSettings, TimeMaxPool),
    "zero_padding2d": (ZeroPadding2dConfig, ZeroPadding2d),
    "flatten": (NoSettings, Flatten),
    "dropout": (DropoutConfig, Dropout),
    "drop_path": (DropPathConfig, DropPath),
    **{kind: (row[0], row[1]) for kind, row in NORMS.items() if row[1] is not None},
    "residual": (ResidualConfig, Residual),
    "parallel": (ParallelConfig, Parallel),
    "time_distributed": (TimeDistributedConfig, TimeDistributed),
    "squeeze_excite": (SqueezeExciteConfig, SqueezeExcite),
    **{kind: (row[0], row[1]) for kind, row in ACTIVATION_LAYERS.items() if row[1] is not None},
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
    "depthwise_conv": "depthwise_conv2d",
    "separable_conv": "separable_conv2d",
    "global_max_pooling2d": "global_max_pool",
    "global_average_pooling3d": "global_avg_pool",
    "global_max_pooling3d": "global_max_pool",
    "global_average_pooling1d": "time_avg_pool",
    "global_max_pooling1d": "time_max_pool",
    "zero_pad2d": "zero_padding2d",
    "stochastic_depth": "drop_path",
    "batchnorm": "batch_norm",
    "batch_norm2d": "batch_norm",
    "layernorm": "layer_norm",
    "layer_normalization": "layer_norm",
    "groupnorm": "group_norm",
    "group_normalization": "group_norm",
    "instancenorm": "instance_norm",
    "instance_norm2d": "instance_norm",
    **{other: kind for other, kind in ACTIVATION_ALIASES.items() if kind != "none"},
}
CONTAINERS = (
    Residual,
    Parallel,
    TimeDistributed,
)  # built from layers of their own: their constructors take ``build`` too


def _documented(rows: Mapping[str, tuple[type[Record], Any]]) -> dict[str, tuple[type[Record], Any]]:
    """Rows with what says in its docstring what a kind does: of an activation its op."""
    return {kind: ACTIVATIONS.get(kind, row) for kind, row in rows.items()}


TABLES = {
    "layers": Table.of(_documented(LAYERS), LAYER_ALIASES),
    "norms": Table.of(NORMS, NORM_ALIASES),
    "activations": Table.of(_documented(ACTIVATION_LAYERS), ACTIVATION_ALIASES),
    "initialisers": Table.of(INITIALISERS),
}
