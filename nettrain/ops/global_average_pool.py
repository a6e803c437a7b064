"""The mean of a whole picture, as a part of an epilogue."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Shape
from nettrain.ops.window_part import picture_shape


class GlobalAveragePool(Part):
    """The mean of all pixels of a picture, a channel at a time.  Shapes: (n,H,W,C) -> (n,C).

    Source   Lin, Chen, Yan, "Network In Network", 2013, section 3.2.
    """

    name = "global_avg_pool"

    def output_shape(self, shape: Shape) -> Shape:
        N, _, _, C = picture_shape(self.name, shape)
        return N, C

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.shape = shape[1:]
        self.pixels = shape[1] * shape[2]

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        n, C = piece.shape[0], piece.shape[-1]
        shares = np.full((1, self.pixels), 1 / self.pixels, piece.dtype)
        np.matmul(shares, piece.reshape(n, self.pixels, C), out=out[:, None])  # a product a picture: (1,H*W) @ (H*W,C)
        return out

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        np.copyto(out, (g * g.dtype.type(1 / self.pixels))[:, None, None, :])
        return out
