"""The activation that the outputs of a network come from, so that a loss can refuse one that it has inside."""

from __future__ import annotations

from collections.abc import Sequence

from nettrain.config.fields import Chosen
from nettrain.model.activations import ACTIVATION_LAYERS
from nettrain.model.layers.linear_map import LinearMapConfig
from nettrain.model.layers.residual import ResidualConfig
from nettrain.model.layers.time_distributed import TimeDistributedConfig

PASSING = (
    "flatten",
    "dropout",
    "max_pool2d",
    "avg_pool2d",
    "global_avg_pool",
    "global_max_pool",
    "max_pool3d",
    "avg_pool3d",
    "time_avg_pool",
    "time_max_pool",
)  # outputs stay what they were


def last_activation(layers: Sequence[Chosen]) -> Chosen | None:
    """The activation that gives the outputs, with the key where it is written; nothing where none does."""
    last = next((layer for layer in reversed(layers) if layer.kind not in PASSING), None)
    if last is None or last.kind in ACTIVATION_LAYERS:
        return last
    if isinstance(last.settings, TimeDistributedConfig):
        return last_activation(last.settings.layers)
    if isinstance(last.settings, (LinearMapConfig, ResidualConfig)):
        return last.settings.activation
    return None
