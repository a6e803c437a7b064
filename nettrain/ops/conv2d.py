"""Convolution of pictures with filters: strided, dilated, grouped, with an epilogue."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nettrain.arrays import memory
from nettrain.arrays.patches import fold, unfold
from nettrain.arrays.pieces import Lanes, Pieces, Sum, pictures_a_piece
from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Array, Backward, Dim, Needs
from nettrain.ops.piecewise import piecewise


def conv2d_shape(sizes: Mapping[str, Dim], *, window: Window, groups: int = 1) -> dict[str, Dim]:
    """P and Q, the picture out; refuses channels that do not fit the filters, and windows that leave no pixels."""
    C, D, K = sizes["C"], sizes["D"], sizes["K"]
    R, S = window.size
    if (sizes["R"], sizes["S"]) != (R, S):
        raise ShapeError(f"weight has R={sizes['R']} and S={sizes['S']}, but the window is {R}x{S}; expected the same")
    if isinstance(C, int) and isinstance(D, int) and D * groups != C:
        raise ShapeError(
            f"weight has D={D} channels a group, but x has C={C} in {groups} groups; expected D = C / groups"
        )
    if isinstance(K, int) and K % groups:
        raise ShapeError(f"{K} filters do not divide into {groups} groups")
    P, Q = window.output_size(int(sizes["H"]), int(sizes["W"]))
    return {"P": P, "Q": Q}


@op("(N,H,W,C),(R,S,D,K)->(N,P,Q,K)", shape=conv2d_shape, flops="2 N P Q R S D K")
def conv2d(
    x: Array, weight: Array, *, window: Window, groups: int = 1, epilogue: Sequence[Part] = (), recorded: bool = False
) -> tuple[Array, Backward]:
    """Cross-correlation of each picture with K filters; every output pixel is the weighted sum of a window.

    Shapes   as the signature says; channels last; D = C / groups.
    Errors   ``ShapeError`` if channels and groups do not fit, or the window leaves no pixels.
    Cost     2 N P Q R S D K flops forward, twice that for both gradients; one copy of patches each way.
    Source   Dumoulin, Visin, "A guide to convolution arithmetic for deep learning", 2016, sections 2 and 4;
             patches: Chellapilla, Puri, Simard, "High Performance Convolutional Neural Networks", 2006.
    """
    core = _Convolution(x, weight, window, groups, recorded)
    return piecewise(core, core.shape, x.dtype, core.pieces, epilogue, recorded)


class _Convolution:
    """Patches times filters, a group at a time."""

    inputs = 2

    def __init__(self, x: Array, weight: Array, window: Window, groups: int, recorded: bool) -> None:
        self.x, self.weight, self.window, self.groups = x, weight, window, groups
        P, Q = window.output_size(x.shape[1], x.shape[2])
        self.shape = (len(x), P, Q, weight.shape[3])
        self.pieces = Pieces(len(x), pictures_a_piece(recorded, math.prod(x.shape[1:]), math.prod(self.shape[1:])))
        self.lanes = Lanes.of(len(self.pieces), weight.nbytes)

    def forward(self, span: slice, out: Array) -> None:
        for channels, filters in self._groups():
            patches = unfold(self.x[span, :, :, channels], self.window)  # (n,P,Q,R,S,D)
            rows = patches.reshape(-1, self._depth) @ self._matrix(filters)
            out[..., filters] = rows.reshape(*out.shape[:3], -1)

    def open_back(self, needs: Needs) -> None:
        self.dx = memory.empty(self.x.shape, self.x.dtype) if needs[0] else None
        self.dw = Sum(self.lanes, self.weight.shape, self.weight.dtype) if needs[1] else None

    def backward(self, lane: int, span: slice, g: Array) -> None:
        R, S, D, _ = self.weight.shape
        for channels, filters in self._groups():
            rows = g[..., filters].reshape(-1, filters.stop - filters.start)  # (n*P*Q,K)
            if self.dw is not None:
                patches = unfold(self.x[span, :, :, channels], self.window).reshape(-1, self._depth)
                self.dw.accumulators[lane, ..., filters] += (patches.T @ rows).reshape(R, S, D, -1)
            if self.dx is not None:
                by_patch = (rows @ self._matrix(filters).T).reshape(*g.shape[:3], R, S, D)
                self.dx[span, :, :, channels] = fold(by_patch, self.x.shape[1:3], self.window)

    def gradients(self) -> tuple[Array | None, Array | None]:
        return self.dx, None if self.dw is None else self.dw.total()

    @property
    def _depth(self) -> int:
        return math.prod(self.weight.shape[:3])

    def _matrix(self, filters: slice) -> Array:
        return self.weight[..., filters].reshape(self._depth, -1)

    def _groups(self) -> list[tuple[slice, slice]]:
        D, K = self.weight.shape[2], self.weight.shape[3] // self.groups
        return [(slice(i * D, (i + 1) * D), slice(i * K, (i + 1) * K)) for i in range(self.groups)]
