"""The average-pooling layer."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.model.layer import PartLayer, Pass
from nettrain.model.layers.window_settings import PoolConfig
from nettrain.ops.average_pool import AveragePool


class AvgPool2d(PartLayer):
    """The mean pixel of each window, padding counted as zeros.  Shapes: (N, H, W, C) -> (N, P, Q, C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: PoolConfig, shape: Shape) -> None:
        self.window = settings.window

    def part(self, now: Pass) -> Part:
        return AveragePool(self.window)
