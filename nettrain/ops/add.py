"""The sum with a shortcut, as a part of an epilogue: what makes a block residual."""

from __future__ import annotations

import numpy as np

from nettrain.arrays import memory
from nettrain.arrays.memory import same_memory
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Array, Needs, Shape, Tensor


class Add(Part):
    """Adds another tensor of the same shape.

    Shapes   (n,...) and shortcut (N,...).
    Source   He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015, equation 1.
    """

    name = "add"

    def __init__(self, shortcut: Tensor) -> None:
        self.tensors = (shortcut,)

    def output_shape(self, shape: Shape) -> Shape:
        (shortcut,) = self.tensors
        if shortcut.shape != shape:
            raise ShapeError(
                f"add: the shortcut has shape {show(shortcut.shape)}, the block {show(shape)}; expected the same"
            )
        return shape

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        return np.add(piece, self.tensors[0].array[span], out=out)

    def open_back(self, needs: Needs) -> None:
        shortcut = self.tensors[0].array
        self.ds = memory.empty(shortcut.shape, shortcut.dtype) if needs[0] else None

    def landing(self, span: slice) -> Array | None:
        return None if self.ds is None else self.ds[span]

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        if self.ds is not None and not same_memory(g, self.ds[span]):
            self.ds[span] = g
        return g

    def gradients(self) -> list[Array | None]:
        return [self.ds]
