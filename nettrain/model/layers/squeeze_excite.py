"""The layer that weighs the channels of a picture by what is seen in it as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Chosen, Count, NoSettings, OneOf, Record
from nettrain.model.layer import Layer, LayerFault, Pass
from nettrain.model.layers.dense import Dense, DenseConfig
from nettrain.ops.channel_gate import channel_gate
from nettrain.ops.global_average_pool import GlobalAveragePool
from nettrain.ops.through import through

RATIO = 16
RELU = Chosen("relu", NoSettings())


@dataclass(frozen=True)
class SqueezeExciteConfig(Record, short="ratio"):
    """Settings of ``squeeze_excite``: channels divided by ``ratio``, rounded down, are the neurons between.

    ``reduced`` is their number itself, in place of a ratio; ``activation`` is theirs, ``gate`` that of the weights.
    """

    ratio: Count = RATIO
    reduced: Count | None = None
    activation: Annotated[Chosen, OneOf("activations")] = RELU
    gate: Literal["sigmoid", "hard_sigmoid"] = "sigmoid"
    init: Annotated[Chosen, OneOf("initialisers")] | None = None

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if {"ratio", "reduced"} <= given:
            yield "ratio", "has no effect beside reduced; give one of them"


class SqueezeExcite(Layer):
    """x times a gate for each channel, gate(expand(activation(reduce(mean pixel)))).

    Shapes   (N, H, W, C) -> the same; reduce and expand are dense layers, (N, C) -> (N, reduced) -> (N, C).
    Source   Hu, Shen, Albanie, Sun, Wu, "Squeeze-and-Excitation Networks", 2017, section 3.
    """

    takes = "(H,W,C)"
    has_epilogue = True

    def __init__(self, settings: SqueezeExciteConfig, shape: Shape) -> None:
        C = int(shape[2])
        reduced = settings.reduced or C // settings.ratio
        if not reduced:
            raise LayerFault("ratio", f"{C} channels divided by {settings.ratio} leave no neuron; expected at most {C}")
        gate = Chosen(settings.gate, NoSettings())
        self.reduce = Dense(DenseConfig(units=reduced, activation=settings.activation, init=settings.init), (C,))
        self.expand = Dense(DenseConfig(units=C, activation=gate, init=settings.init), (reduced,))

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        squeezed = through(x, epilogue=[GlobalAveragePool()])
        return channel_gate(x, self.expand(self.reduce(squeezed, now), now), epilogue=after)
