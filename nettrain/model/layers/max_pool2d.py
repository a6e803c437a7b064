"""The max-pooling layer."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.model.layer import PartLayer, Pass
from nettrain.model.layers.window_settings import PoolConfig
from nettrain.ops.max_pool import MaxPool


class MaxPool2d(PartLayer):
    """The largest pixel of each window.  Shapes: (N, H, W, C) -> (N, P, Q, C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: PoolConfig, shape: Shape) -> None:
        self.window = settings.window

    def part(self, now: Pass) -> Part:
        return MaxPool(self.window)
