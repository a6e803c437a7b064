"""The layer from pictures or clips to the largest number of each channel."""

from __future__ import annotations

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import NoSettings
from nettrain.model.layer import PartLayer, Pass
from nettrain.ops import global_max_pool


class GlobalMaxPool(PartLayer):
    """The largest pixel of each picture or clip, channel by channel.  Shapes: (N, [T,] H, W, C) -> (N, C)."""

    takes = "(H,W,C) or (T,H,W,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def part(self, now: Pass) -> Part:
        return global_max_pool.GlobalMaxPool()
