"""The shortcut without weights: every second pixel, and zeros for the new channels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

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
    a, b = stride
    kept = x[:, ::a, ::b]
    y = np.zeros((*kept.shape[:3], channels), x.dtype)
    y[..., : x.shape[3]] = kept

    def by_x(g: Array) -> Array:
        dx = np.zeros_like(x)
        dx[:, ::a, ::b] = g[..., : x.shape[3]]
        return dx

    return y, (by_x,)
