"""The bias of a layer, as a part of its epilogue."""

from __future__ import annotations

import numpy as np

from nettrain.arrays.lines import Lines
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Array, Needs, Shape, Tensor


class Bias(Part):
    """Adds one number to each channel.  Shapes: (n,...,K), bias (K)."""

    name = "bias"
    rises = True

    def __init__(self, bias: Tensor) -> None:
        self.tensors = (bias,)

    def output_shape(self, shape: Shape) -> Shape:
        (bias,) = self.tensors
        if bias.shape != shape[-1:]:
            raise ShapeError(f"bias: bias {show(bias.shape)} does not fit {show(shape)}; expected bias ({shape[-1]})")
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.bias = self.tensors[0].array
        self.lines = Lines(shape)
        self.line = self.lines.repeated(self.bias)
        self.pieces = pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        np.add(self.lines.of(piece), self.line, out=self.lines.of(out))
        return out

    def open_back(self, needs: Needs) -> None:
        self.sums = np.empty((self.pieces, self.lines.length), self.bias.dtype) if needs[0] else None

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        if self.sums is not None:
            self.lines.add_up(g, self.sums[index])
        return g

    def gradients(self) -> list[Array | None]:
        if self.sums is None:
            return [None]
        return [self.lines.by_channel(self.sums.sum(axis=0, dtype=np.float64)).astype(self.bias.dtype)]
