"""The max-pooling layer for clips."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.model.layer import PartLayer, Pass
from nettrain.model.layers.clip_window_settings import Pool3dConfig
from nettrain.ops import max_pool3d


class MaxPool3d(PartLayer):
    """The largest pixel of each window of frames.  Shapes: (N, T, H, W, C) -> (N, L, P, Q, C)."""

    takes = "(T,H,W,C)"

    def __init__(self, settings: Pool3dConfig, shape: Shape) -> None:
        self.window = settings.window

    def part(self, now: Pass) -> Part:
        return max_pool3d.MaxPool3d(self.window)
