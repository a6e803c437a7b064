"""Several tensors' channels side by side, as a part of an epilogue: what makes a block dense."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from nettrain.arrays import memory
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Array, Dim, Needs, Shape, Tensor


class Concat(Part):
    """Puts the channels of other tensors before and after its own.

    Shapes   (n,...,C) and others (N,...,D) -> (n,...,C + every D).
    Source   Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", 2016, equation 2.
    """

    name = "concat"

    def __init__(self, before: Sequence[Tensor] = (), after: Sequence[Tensor] = ()) -> None:
        self.tensors = (*before, *after)
        self._own = len(before)  # its place among them

    def output_shape(self, shape: Shape) -> Shape:
        for tensor in self.tensors:
            if tensor.shape[:-1] != shape[:-1]:
                raise ShapeError(
                    f"concat: shapes {show(tensor.shape)} and {show(shape)}; expected the same but for the last"
                )
        return (*shape[:-1], sum(map(_known, self._lengths(shape))))

    def _lengths(self, shape: Shape) -> list[Dim]:
        lengths = [tensor.shape[-1] for tensor in self.tensors]
        return [*lengths[: self._own], shape[-1], *lengths[self._own :]]

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        ends = accumulate(map(_known, self._lengths(shape)), initial=0)
        places = [slice(start, end) for start, end in pairwise(ends)]
        self.own = places.pop(self._own)
        self.places = places

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        out[..., self.own] = piece
        for tensor, place in zip(self.tensors, self.places, strict=True):
            out[..., place] = tensor.array[span]
        return out

    def open_back(self, needs: Needs) -> None:
        self.found = [
            memory.empty(tensor.array.shape, tensor.array.dtype) if needed else None
            for tensor, needed in zip(self.tensors, needs, strict=True)
        ]

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        out[...] = g[..., self.own]
        for gradient, place in zip(self.found, self.places, strict=True):
            if gradient is not None:
                gradient[span] = g[..., place]
        return out

    def gradients(self) -> list[Array | None]:
        return self.found


def _known(length: Dim) -> int:
    if isinstance(length, str):
        raise ShapeError(f"concat: {length} is not a number of channels yet; expected one that is known")
    return length
