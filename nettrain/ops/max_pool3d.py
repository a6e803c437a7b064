"""The largest pixel of each window of frames, as a part of an epilogue."""

from __future__ import annotations

from nettrain.arrays import clip_pooling
from nettrain.arrays.clip_windows import ClipWindow
from nettrain.autograd.tensor import Array
from nettrain.ops.clip_window_part import ClipWindowPart


class MaxPool3d(ClipWindowPart):
    """The largest pixel of each window; the gradient goes to the first of equals, the earliest frame first.

    Shapes   (n,T,H,W,C) -> (n,L,P,Q,C).
    Source   Tran, Bourdev, Fergus, Torresani, Paluri, "Learning Spatiotemporal Features with 3D Convolutional
             Networks", 2015, section 3.1.
    """

    name = "max_pool3d"
    takes_maximum = True

    def __init__(self, window: ClipWindow) -> None:
        super().__init__(window)
        (t, a, b), halved = window.stride, window.size[1:] == window.stride[1:] == (2, 2)
        self.keeps = ((3 if halved else 1) + 1 / t) / 4 / (a * b)  # bytes of a pixel that is left within its frame

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.recorded = recorded
        self.choices: list[clip_pooling.Choice | None] = [None] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        choice = clip_pooling.max_pool(piece, self.window, out, choosing=self.recorded)
        if self.recorded:
            self.choices[index] = choice
        return out

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        choice = self.choices[index]
        if choice is None:
            raise TypeError("max_pool3d: nothing was recorded to walk back through")
        return clip_pooling.max_pool_back(g, choice, self.window, out)
