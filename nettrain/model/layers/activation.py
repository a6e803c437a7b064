"""An activation without parameters: a layer, or the last part of a conv or dense layer or after a residual sum."""

from __future__ import annotations

from dataclasses import asdict

from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import Op
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Record
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops.pointwise import Pointwise


class ActivationLayer(PartLayer):
    """The op of an activation with its settings.  Shapes: any -> the same."""

    def __init__(self, op: Op, settings: Record, shape: Shape) -> None:
        self._op, self._settings = op, asdict(settings)  # type: ignore[call-overload]

    def part(self, now: Pass) -> Part:
        return Pointwise(self._op, self._settings)
