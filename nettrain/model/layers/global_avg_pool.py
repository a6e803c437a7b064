"""The layer between pictures and one number a channel."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import NoSettings
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops.global_average_pool import GlobalAveragePool


class GlobalAvgPool(PartLayer):
    """The mean pixel of each picture.  Shapes: (N, H, W, C) -> (N, C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def part(self, now: Pass) -> Part:
        return GlobalAveragePool()
