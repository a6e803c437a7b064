"""The shortcut without weights: every second pixel, and zeros for the new channels."""

from __future__ import annotations

from collections.abc import Mapping

from nettrain.arrays import memory
from nettrain.arrays.pieces import LARGEST_PIECE, Pieces
from nettrain.autograd.op import Rule, op
from nettrain.autograd.tensor import Array, Dim


def _shape(sizes: Mapping[str, Dim], *, stride: tuple[int, int], channels: int) -> dict[str, Dim]:
    H, W, C = int(sizes["H"]), int(sizes["W"]), int(sizes["C"])
    if channels < C:
        raise ValueError(f"x has {C} channels, which cannot be padded to {channels}; expected at least as many filters")
    return {"P": -(-H // stride[0]), "Q": -(-W // stride[1]), "K": channels}


@op("(N,H,W,C)->(N,P,Q,K)", shape=_shape)
def option_a(x: Array, *, stride: tuple[int, int], channels: int) -> Rule:
    """Every stride-th pixel of each row and column, with zeros appended up to ``channels``.

    Shapes   as the signature says; P = ceil(H / stride), K = channels >= C.
    Source   He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015, section 3.3, option A.
    """
    (a, b), C = stride, x.shape[3]
    pieces = Pieces(len(x), LARGEST_PIECE)
    y = memory.empty((len(x), -(-x.shape[1] // a), -(-x.shape[2] // b), channels), x.dtype)

    def subsample(index: int, span: slice) -> None:
        y[span, ..., :C] = x[span, ::a, ::b]
        y[span, ..., C:] = 0

    def by_x(g: Array) -> Array:
        dx = memory.empty(x.shape, x.dtype)

        def spread(index: int, span: slice) -> None:
            dx[span] = 0
            dx[span, ::a, ::b] = g[span, ..., :C]

        pieces.each(spread)
        return dx

    pieces.each(subsample)
    return y, (by_x,)
