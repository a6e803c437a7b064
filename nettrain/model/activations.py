"""The activations that a conv, dense or residual layer may name, each of which is a layer too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Chosen, Record
from nettrain.model.layer import PartLayer
from nettrain.model.layers.activation import ActivationLayer
from nettrain.model.layers.prelu import PreluConfig, PreluLayer
from nettrain.ops.activations import ACTIVATIONS

ACTIVATION_LAYERS: dict[str, tuple[type[Record], Callable[..., PartLayer] | None]] = {
    kind: (settings, None if op is None else partial(ActivationLayer, op))
    for kind, (settings, op) in ACTIVATIONS.items()
} | {"prelu": (PreluConfig, PreluLayer)}


def activation_layer(chosen: Chosen | None, shape: Shape) -> PartLayer | None:
    """The chosen activation for a picture of this shape; nothing for ``none`` and where none is chosen."""
    constructor = None if chosen is None else ACTIVATION_LAYERS[chosen.kind][1]
    return None if constructor is None or chosen is None else constructor(chosen.settings, shape)
