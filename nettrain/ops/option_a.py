"""The shortcut without weights: every second pixel, and zeros for the new channels."""

from __future__ import annotations

from collections.abc import Mapping

from nettrain.arrays import memory
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
    kept = x[:, ::a, ::b]
    y = memory.empty((*kept.shape[:3], channels), x.dtype)
    y[..., :C] = kept
    y[..., C:] = 0

    def by_x(g: Array) -> Array:
        dx = memory.zeros(x.shape, x.dtype)
        dx[:, ::a, ::b] = g[..., :C]
        return dx

    return y, (by_x,)
