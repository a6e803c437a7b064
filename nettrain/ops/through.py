"""The epilogue on its own: for a norm, a sum or an activation that no convolution or dense layer precedes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nettrain.arrays import memory
from nettrain.arrays.pieces import Lanes, Pieces, pictures_a_piece
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.tensor import Array, Backward, Needs
from nettrain.ops.piecewise import piecewise


@op("(N,...)->(N,...)")
def through(x: Array, *, epilogue: Sequence[Part] = (), recorded: bool = False) -> tuple[Array, Backward]:
    """``x`` itself, with an epilogue.

    Shapes   (N, ...) as it comes; the parts may change it.
    """
    core = _Identity(x, recorded)
    return piecewise(core, x.shape, x.dtype, core.pieces, epilogue, recorded)


class _Identity:
    """Hands pieces over unchanged."""

    inputs = 1

    def __init__(self, x: Array, recorded: bool) -> None:
        self.x = x
        self.pieces = Pieces(len(x), pictures_a_piece(recorded, math.prod(x.shape[1:])))
        self.lanes = Lanes.of(len(self.pieces), 0)

    def forward(self, span: slice, out: Array) -> None:
        out[:] = self.x[span]

    def open_back(self, needs: Needs) -> None:
        self.dx = memory.empty(self.x.shape, self.x.dtype) if needs[0] else None

    def backward(self, lane: int, span: slice, g: Array) -> None:
        if self.dx is not None:
            self.dx[span] = g

    def gradients(self) -> tuple[Array | None]:
        return (self.dx,)
