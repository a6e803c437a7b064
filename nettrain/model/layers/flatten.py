"""The layer between pictures or clips and rows."""

from __future__ import annotations

from collections.abc import Sequence

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import NoSettings
from nettrain.model.layer import Layer, Pass
from nettrain.ops.flatten import flatten


class Flatten(Layer):
    """A picture or clip as one row of numbers, channels varying fastest.  Shapes: (N, ..., C) -> (N, ...*C)."""

    takes = "(H,W,C) or (T,H,W,C) or (T,C)"

    def __init__(self, settings: NoSettings, shape: Shape) -> None:
        pass

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        if after:
            raise TypeError("flatten has no epilogue")
        return flatten(x)
