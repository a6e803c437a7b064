"""The largest pixel of a whole picture, as a part of an epilogue."""

from __future__ import annotations

import numpy as np

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Shape
from nettrain.ops.window_part import picture_shape


class GlobalMaxPool(Part):
    """The largest number of each channel of a picture; the gradient goes to the first of equals.

    Shapes   (n,H,W,C) -> (n,C).
    Notes    NaN stays NaN.
    Source   Oquab, Bottou, Laptev, Sivic, "Is Object Localization for Free?", 2015, section 3.
    """

    name = "global_max_pool"
    takes_maximum = True

    def output_shape(self, shape: Shape) -> Shape:
        N, _, _, C = picture_shape(self.name, shape)
        return N, C

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        _, H, W, C = shape
        self.pixels, self.channels = H * W, np.arange(C)
        self.recorded = recorded
        self.choices: list[Array] = [np.empty(0)] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        pixels = self._pixels(piece)
        choice = pixels.argmax(axis=1)  # the first, and NaN before any number
        if self.recorded:
            self.choices[index] = choice
        out[...] = pixels[self._pictures(piece), choice, self.channels]
        return out

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        out.fill(0)
        self._pixels(out)[self._pictures(g), self.choices[index], self.channels] = g
        return out

    def _pixels(self, piece: Array) -> Array:
        """(n,H,W,C) -> (n,H*W,C), a view."""
        return piece.reshape(len(piece), self.pixels, -1)

    def _pictures(self, piece: Array) -> Array:
        return np.arange(len(piece))[:, None]
