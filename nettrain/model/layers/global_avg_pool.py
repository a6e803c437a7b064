"""The layer between pictures or clips and one number a channel."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import NoSettings
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops.global_average_pool import GlobalAveragePool


class GlobalAvgPool(PartLayer):
    """The mean pixel of each picture, or of all frames of a clip.  Shapes: (N, [T,] H, W, C) -> (N, C)."""

    takes = "(H,W,C) or (T,H,W,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def part(self, now: Pass) -> Part:
        return GlobalAveragePool()
