"""The largest pixel of each window, as a part of an epilogue."""

from __future__ import annotations

import numpy as np

from nettrain.arrays import pooling
from nettrain.autograd.tensor import Array
from nettrain.ops.window_part import WindowPart


class MaxPool(WindowPart):
    """The largest pixel of each window; the gradient goes to the first of equals.  Shapes: (n,H,W,C) -> (n,P,Q,C).

    Source   Ranzato, Huang, Boureau, LeCun, "Unsupervised Learning of Invariant Feature Hierarchies", 2007, section 2.
    """

    name = "max_pool2d"
    keeps = 1 / 16  # a byte for each pixel out

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        super().open(shape, pieces, recorded)
        self.recorded = recorded
        self.choices: list[Array] = [np.empty(0, np.uint8)] * pieces

    def apply(self, index: int, span: slice, piece: Array) -> Array:
        y, choice = pooling.max_pool(piece, self.window)
        if self.recorded:
            self.choices[index] = choice
        return y

    def back(self, index: int, span: slice, g: Array) -> Array:
        return pooling.max_pool_back(g, self.choices[index], self.size, self.window)
