"""The layer from clips to their mean frame."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import NoSettings
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops.global_average_pool import TimeAveragePool


class TimeAvgPool(PartLayer):
    """The mean frame of each clip.  Shapes: (N, T, H, W, C) -> (N, H, W, C), (N, T, C) -> (N, C)."""

    takes = "(T,H,W,C) or (T,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def part(self, now: Pass) -> Part:
        return TimeAveragePool()
