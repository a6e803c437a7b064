"""The sum with a shortcut, as a part of an epilogue: what makes a block residual."""

from __future__ import annotations

from nettrain.arrays import memory
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

    def apply(self, index: int, span: slice, piece: Array) -> Array:
        return piece + self.tensors[0].array[span]  # the part before may keep its piece

    def open_back(self, needs: Needs) -> None:
        shortcut = self.tensors[0].array
        self.ds = memory.empty(shortcut.shape, shortcut.dtype) if needs[0] else None

    def back(self, index: int, span: slice, g: Array) -> Array:
        if self.ds is not None:
            self.ds[span] = g
        return g

    def gradients(self) -> list[Array | None]:
        return [self.ds]
