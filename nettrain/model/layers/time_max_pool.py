"""The layer from clips to the largest of their frames, place by place."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import NoSettings
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops import global_max_pool


class TimeMaxPool(PartLayer):
    """The largest number of all frames at each place.  Shapes: (N, T, H, W, C) -> (N, H, W, C), (N, T, C) -> (N, C)."""

    takes = "(T,H,W,C) or (T,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def part(self, now: Pass) -> Part:
        return global_max_pool.TimeMaxPool()
