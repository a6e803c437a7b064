"""Pooling, as parts of an epilogue: the largest or the mean pixel of each window, and the mean of a whole picture."""

from __future__ import annotations

import numpy as np

from nettrain.arrays import pooling
from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Array, Shape


class _Pooling(Part):
    """A part that looks at each picture through a window."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def output_shape(self, shape: Shape) -> Shape:
        N, H, W, C = _picture(self.name, shape)
        try:
            return (N, *self.window.output_size(int(H), int(W)), C)
        except ValueError as error:
            raise ShapeError(f"{self.name}: {error}") from None

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.size = shape[1], shape[2]
        self.recorded = recorded
        self.choices: list[Array] = [np.empty(0, np.uint8)] * pieces


class MaxPool(_Pooling):
    """The largest pixel of each window; the gradient goes to the first of equals.  Shapes: (n,H,W,C) -> (n,P,Q,C).

    Source   Ranzato, Huang, Boureau, LeCun, "Unsupervised Learning of Invariant Feature Hierarchies", 2007, section 2.
    """

    name = "max_pool2d"
    keeps = 1 / 16  # a byte for each pixel out

    def apply(self, index: int, span: slice, piece: Array) -> Array:
        y, choice = pooling.max_pool(piece, self.window)
        if self.recorded:
            self.choices[index] = choice
        return y

    def back(self, index: int, span: slice, g: Array) -> Array:
        return pooling.max_pool_back(g, self.choices[index], self.size, self.window)


class AveragePool(_Pooling):
    """The mean of the pixels of each window, padding counted as zeros.  Shapes: (n,H,W,C) -> (n,P,Q,C).

    Source   LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998, section
             II.B.
    """

    name = "avg_pool2d"

    def apply(self, index: int, span: slice, piece: Array) -> Array:
        return pooling.average_pool(piece, self.window)

    def back(self, index: int, span: slice, g: Array) -> Array:
        return pooling.average_pool_back(g, self.size, self.window)


class GlobalAveragePool(Part):
    """The mean of all pixels of a picture, a channel at a time.  Shapes: (n,H,W,C) -> (n,C).

    Source   Lin, Chen, Yan, "Network In Network", 2013, section 3.2.
    """

    name = "global_avg_pool"

    def output_shape(self, shape: Shape) -> Shape:
        N, _, _, C = _picture(self.name, shape)
        return N, C

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.shape = shape[1:]
        self.pixels = shape[1] * shape[2]

    def apply(self, index: int, span: slice, piece: Array) -> Array:
        n, C = piece.shape[0], piece.shape[-1]
        shares = np.full((1, self.pixels), 1 / self.pixels, piece.dtype)
        y: Array = np.matmul(shares, piece.reshape(n, self.pixels, C))[:, 0]  # a product a picture: (1,H*W) @ (H*W,C)
        return y

    def back(self, index: int, span: slice, g: Array) -> Array:
        share = g * g.dtype.type(1 / self.pixels)
        return np.ascontiguousarray(np.broadcast_to(share[:, None, None, :], (len(g), *self.shape)))


def _picture(name: str, shape: Shape) -> Shape:
    if len(shape) != 4:
        raise ShapeError(f"{name}: x {show(shape)} has {len(shape)} axes; expected x (N, H, W, C)")
    return shape
