"""Activations: as the last part of a conv or dense layer, after a residual sum, or as layers of their own."""

from __future__ import annotations

from dataclasses import asdict

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Chosen, Record
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops.activations import ACTIVATIONS
from nettrain.ops.pointwise import Pointwise


def activation_parts(chosen: Chosen | None) -> list[Part]:
    """The part that applies the chosen activation; nothing for ``none`` and where none is chosen."""
    op = None if chosen is None else ACTIVATIONS[chosen.kind][1]
    return [] if op is None or chosen is None else [Pointwise(op, asdict(chosen.settings))]


class ActivationLayer(PartLayer):
    """An activation on its own.  Shapes: any -> the same."""

    def __init__(self, kind: str, settings: Record, shape: Shape) -> None:
        self._chosen = Chosen(kind, settings)

    def part(self, now: Pass) -> Part:
        (part,) = activation_parts(self._chosen)
        return part
