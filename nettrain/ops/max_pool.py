"""The largest pixel of each window, as a part of an epilogue."""

from __future__ import annotations

from nettrain.arrays import pooling
from nettrain.arrays.windows import Window
from nettrain.autograd.tensor import Array
from nettrain.ops.window_part import WindowPart


class MaxPool(WindowPart):
    """The largest pixel of each window; the gradient goes to the first of equals.  Shapes: (n,H,W,C) -> (n,P,Q,C).

    Source   Ranzato, Huang, Boureau, LeCun, "Unsupervised Learning of Invariant Feature Hierarchies", 2007, section 2.
    """

    name = "max_pool2d"
    takes_maximum = True

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        (a, b), bytes_a_pixel_out = window.stride, 3 if window.size == window.stride == (2, 2) else 1
        self.keeps = bytes_a_pixel_out / 4 / (a * b)

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        super().open(shape, pieces, recorded)
        self.recorded = recorded
        self.choices: list[pooling.Choice] = [()] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        if self.recorded:
            self.choices[index] = pooling.max_pool(piece, self.window, out, choosing=True)
        else:
            pooling.max_pool(piece, self.window, out, choosing=False)
        return out

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        return pooling.max_pool_back(g, self.choices[index], self.window, out)
