"""The mean of a whole picture or clip, as a part of an epilogue; and that over the frames of a clip alone."""

from __future__ import annotations

from math import prod

import numpy as np

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Shape
from nettrain.ops.clip_window_part import frames_first, picture_or_clip


class GlobalAveragePool(Part):
    """The mean of all pixels of a picture, or of all frames of a clip, a channel at a time.

    Shapes   (n,H,W,C) or (n,T,H,W,C) -> (n,C).
    Source   Lin, Chen, Yan, "Network In Network", 2013, section 3.2.
    """

    name = "global_avg_pool"

    def output_shape(self, shape: Shape) -> Shape:
        picture_or_clip(self.name, shape)
        return shape[0], shape[-1]

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.pixels = prod(shape[1:-1])

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        n = len(piece)
        shares = np.full((1, self.pixels), 1 / self.pixels, piece.dtype)
        rows = piece.reshape(n, self.pixels, -1)
        np.matmul(shares, rows, out=out.reshape(n, 1, -1))  # a product a picture: (1,H*W) @ (H*W,C)
        return out

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        n = len(g)
        share = g * g.dtype.type(1 / self.pixels)
        np.copyto(out.reshape(n, self.pixels, -1), share.reshape(n, 1, -1))
        return out


class TimeAveragePool(GlobalAveragePool):
    """The mean frame of a clip.  Shapes: (n,T,...,C) -> (n,...,C).

    Source   Ng et al., "Beyond Short Snippets: Deep Networks for Video Classification", 2015, section 3.1.
    """

    name = "time_avg_pool"

    def output_shape(self, shape: Shape) -> Shape:
        N, _, *rest = frames_first(self.name, shape)
        return (N, *rest)

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.pixels = shape[1]
