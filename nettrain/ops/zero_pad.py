"""Zeros around pictures, as a part of an epilogue."""

from __future__ import annotations

from nettrain.arrays.padding import Pads, inner
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Shape
from nettrain.ops.window_part import picture_shape


class ZeroPad(Part):
    """Rows and columns of zeros before and after those of each picture.

    Shapes   (n,H,W,C) -> (n,P,Q,C); P is H and both row pads, Q is W and both column pads.
    Units    ``pads`` are pixels: (before, after) along rows, then along columns.
    """

    name = "zero_padding2d"

    def __init__(self, pads: Pads) -> None:
        self.pads = pads

    def output_shape(self, shape: Shape) -> Shape:
        N, H, W, C = picture_shape(self.name, shape)
        rows, columns = self.pads
        return N, int(H) + sum(rows), int(W) + sum(columns), C

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.size = shape[1], shape[2]

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        (top, _), (left, _) = self.pads
        H, W = self.size
        out[:, :top] = 0
        out[:, top + H :] = 0
        out[:, top : top + H, :left] = 0
        out[:, top : top + H, left + W :] = 0
        inner(out, self.pads, self.size)[...] = piece
        return out

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        out[...] = inner(g, self.pads, self.size)
        return out
