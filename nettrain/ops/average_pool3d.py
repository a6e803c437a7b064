"""The mean pixel of each window of frames, as a part of an epilogue."""

from __future__ import annotations

from nettrain.arrays import clip_pooling
from nettrain.autograd.tensor import Array
from nettrain.ops.clip_window_part import ClipWindowPart


class AveragePool3d(ClipWindowPart):
    """The mean of the pixels of each window, padding counted as zeros.  Shapes: (n,T,H,W,C) -> (n,L,P,Q,C).

    Source   as ``AveragePool``, over frames as over pixels.
    """

    name = "avg_pool3d"

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        return clip_pooling.average_pool(piece, self.window, out)

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        return clip_pooling.average_pool_back(g, self.window, out)
