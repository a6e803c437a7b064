"""The rectified linear unit with a slope that is learnt, as a part of an epilogue."""

from __future__ import annotations

import numpy as np

from nettrain.arrays.lines import Lines, zero_picture
from nettrain.arrays.scratch import scratch
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Array, Needs, Shape, Tensor


class Prelu(Part):
    """x where it is positive, the weight of its channel times x elsewhere.  Shapes: (n,...,C), weight (C).

    Notes    The slope by x is 1 or the weight, that by the weight min(x, 0).
    Source   He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", 2015, equations 1 and 3.
    """

    name = "prelu"
    keeps = 1.0
    keeps_input = True

    def __init__(self, weight: Tensor) -> None:
        self.tensors = (weight,)

    def output_shape(self, shape: Shape) -> Shape:
        (weight,) = self.tensors
        if weight.shape != shape[-1:]:
            raise ShapeError(f"prelu: weight {show(weight.shape)} does not fit {show(shape)}; expected ({shape[-1]})")
        return shape

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.weight = self.tensors[0].array
        self.lines = Lines(shape)
        self.line = self.lines.repeated(self.weight)
        self.zeros = zero_picture(shape[1:], self.weight.dtype)
        self.recorded = recorded
        self.kept: list[Array | None] = [None] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        if self.recorded:
            self.kept[index] = piece
        low = self._low(piece)
        lines = self.lines.of(low)
        lines *= self.line
        np.maximum(piece, self.zeros, out=out)
        out += low
        return out

    def open_back(self, needs: Needs) -> None:
        self.rest = self.lines.repeated(1 - self.weight)
        self.sums = np.empty((len(self.kept), self.lines.length), self.weight.dtype) if needs[0] else None

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        piece = self.kept[index]
        if piece is None:
            raise TypeError("prelu: nothing was recorded to walk back through")
        if self.sums is not None:
            low = self._low(piece)
            low *= g
            self.lines.add_up(low, self.sums[index])
        slope = scratch("slope", piece.shape, piece.dtype)
        lines = self.lines.of(slope)
        np.multiply(
            self.lines.of(piece > 0).view(np.uint8), self.rest, out=lines
        )  # 1 - weight or 0, and then the weight
        lines += self.line
        return np.multiply(g, slope, out=out)

    def gradients(self) -> list[Array | None]:
        if self.sums is None:
            return [None]
        return [self.lines.by_channel(self.sums.sum(axis=0, dtype=np.float64)).astype(self.weight.dtype)]

    def _low(self, piece: Array) -> Array:
        """What of a piece is below 0, in scratch memory."""
        return np.minimum(piece, self.zeros, out=scratch("slope", piece.shape, piece.dtype))
