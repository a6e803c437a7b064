"""The largest pixel of a whole picture or clip, as a part of an epilogue; and that over the frames of a clip alone."""

from __future__ import annotations

from math import prod

import numpy as np

from nettrain.arrays import clip_pooling
from nettrain.arrays.clip_windows import ClipWindow
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Shape
from nettrain.ops.clip_window_part import frames_first, picture_or_clip


class GlobalMaxPool(Part):
    """The largest number of each channel of a picture or clip; the gradient goes to the first of equals.

    Shapes   (n,H,W,C) or (n,T,H,W,C) -> (n,C).
    Notes    NaN stays NaN.
    Source   Oquab, Bottou, Laptev, Sivic, "Is Object Localization for Free?", 2015, section 3.
    """

    name = "global_max_pool"
    takes_maximum = True

    def output_shape(self, shape: Shape) -> Shape:
        picture_or_clip(self.name, shape)
        return shape[0], shape[-1]

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.pixels, self.channels, self.recorded = prod(shape[1:-1]), np.arange(shape[-1]), recorded
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
        """(n,...,C) -> (n,pixels,C), a view."""
        return piece.reshape(len(piece), self.pixels, -1)

    def _pictures(self, piece: Array) -> Array:
        return np.arange(len(piece))[:, None]


class TimeMaxPool(Part):
    """The largest number of all frames at each place; the gradient goes to the first of equals.

    Shapes   (n,T,...,C) -> (n,...,C).
    Notes    NaN stays NaN.
    Source   Ng et al., "Beyond Short Snippets: Deep Networks for Video Classification", 2015, section 3.1.
    """

    name = "time_max_pool"
    takes_maximum = True

    def output_shape(self, shape: Shape) -> Shape:
        N, _, *rest = frames_first(self.name, shape)
        return (N, *rest)

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.window, self.recorded = ClipWindow((shape[1], 1, 1)), recorded
        self.choices: list[Array] = [np.empty(0)] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        choice = clip_pooling.largest_frames(piece, self.window, out[:, None], choosing=self.recorded)
        if self.recorded:
            self.choices[index] = choice
        return out

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        clip_pooling.largest_frames_back(g[:, None], self.choices[index], self.window, out)
        return out
