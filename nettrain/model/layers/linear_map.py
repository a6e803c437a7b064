"""What dense and conv layers have in common: a linear map, then bias or norm, then an activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Dim, Shape
from nettrain.config.fields import Chosen, NoSettings, OneOf, Record
from nettrain.model.activations import activation_layer
from nettrain.model.layer import Layer, LayerFault, Parameter, PartLayer, Pass
from nettrain.model.norms import BY_CHANNEL, NORMS, lost_bias, takes_bias
from nettrain.ops.bias import Bias

HE_NORMAL = Chosen("he_normal", NoSettings())
ZEROS = Chosen("zeros", NoSettings())


@dataclass(frozen=True, kw_only=True)
class LinearMapConfig(
    Record,
    aliases={
        "use_bias": "bias",
        "kernel_initializer": "init",
        "bias_initializer": "bias_init",
        "weight_init": "init",
        "normalization": "norm",
    },
):
    """Settings of every layer with a linear map; a bias is there unless it has a norm, or where it is asked for."""

    bias: bool | None = None
    norm: Annotated[Chosen, OneOf("norms")] | None = None
    activation: Annotated[Chosen, OneOf("activations")] | None = None
    init: Annotated[Chosen, OneOf("initialisers")] | None = None
    bias_init: Annotated[Chosen, OneOf("initialisers")] | None = None

    @property
    def has_norm(self) -> bool:
        return self.norm is not None and self.norm.kind != "none"

    @property
    def has_bias(self) -> bool:
        return not self.has_norm if self.bias is None else self.bias

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.bias and self.norm is not None and self.norm.kind in BY_CHANNEL:
            yield "bias", lost_bias(self.norm.kind)
        if "bias_init" in given and not self.has_bias:
            yield "bias_init", "has no effect on a layer without a bias; leave it out"


class LinearMap(Layer):
    """A layer with a weight, and an epilogue of bias or norm, then activation.

    ``fans`` are (fan_in, fan_out) of the weight; ``outputs`` is its number of channels out.
    """

    has_epilogue = True

    def __init__(self, settings: LinearMapConfig, weight: Shape, fans: tuple[int, int], outputs: Dim) -> None:
        if settings.bias and settings.norm is not None and takes_bias(settings.norm, outputs):
            raise LayerFault("bias", lost_bias(settings.norm.kind))
        self.weight = Parameter(weight, settings.init or HE_NORMAL, fans)
        self.bias = Parameter((outputs,), settings.bias_init or ZEROS, fans) if settings.has_bias else None
        self.norm = None if settings.norm is None else _norm(settings.norm, (outputs,))
        self.activation = activation_layer(settings.activation, (outputs,))

    def epilogue(self, now: Pass) -> list[Part]:
        """This layer's own parts for one pass."""
        bias = [] if self.bias is None else [Bias(self.bias)]
        return [*bias, *(layer.part(now) for layer in (self.norm, self.activation) if layer is not None)]


def _norm(chosen: Chosen, shape: Shape) -> PartLayer | None:
    """The chosen norm, nothing for ``none``; what is wrong with a setting of it is at that setting."""
    constructor = NORMS[chosen.kind][1]
    try:
        return None if constructor is None else constructor(chosen.settings, shape)
    except LayerFault as fault:
        raise LayerFault(f"norm.{chosen.kind}.{fault.setting}", str(fault)) from None
