"""The layer between pictures and rows."""

from __future__ import annotations

from collections.abc import Sequence

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import NoSettings
from nettrain.model.layer import Layer, Pass
from nettrain.ops.flatten import flatten


class Flatten(Layer):
    """A picture as one row of numbers, channels varying fastest.  Shapes: (N, H, W, C) -> (N, H*W*C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        if after:
            raise TypeError("flatten has no epilogue")
        return flatten(x)
