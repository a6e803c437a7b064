"""The affine map of a dense layer, with an epilogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettrain.arrays import memory
from nettrain.arrays.pieces import DENSE_PIECE, INFERENCE_ROWS, Lanes, Pieces, Sum
from nettrain.arrays.products import rows_apart
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.tensor import Array, Backward, Needs
from nettrain.ops.piecewise import piecewise


@op("(N,C),(C,K)->(N,K)", flops="2 N C K")
def linear(x: Array, weight: Array, *, epilogue: Sequence[Part] = (), recorded: bool = False) -> tuple[Array, Backward]:
    """Every output is the weighted sum of a row; a bias comes as a part of the epilogue.

    Shapes   as the signature says; rows are images.
    Errors   ``ShapeError`` names the argument and the letter that disagree.
    Cost     2 N C K flops forward, twice that for both gradients.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.5.
    """
    core = _Dense(x, weight, recorded)
    return piecewise(core, (len(x), weight.shape[1]), x.dtype, core.pieces, epilogue, recorded)


class _Dense:
    """Rows times weight."""

    inputs = 2

    def __init__(self, x: Array, weight: Array, recorded: bool) -> None:
        self.x, self.weight, self.recorded = x, weight, recorded
        self.pieces = Pieces(len(x), DENSE_PIECE if recorded else INFERENCE_ROWS)
        self.lanes = Lanes.of(len(self.pieces), weight.nbytes)

    def forward(self, span: slice, out: Array) -> None:
        if self.recorded:
            np.matmul(self.x[span], self.weight, out=out)
        else:
            rows_apart(self.x[span], self.weight, out)

    def open_back(self, needs: Needs) -> None:
        self.dx = memory.empty(self.x.shape, self.x.dtype) if needs[0] else None
        self.dw = Sum(self.lanes, self.weight.shape, self.weight.dtype) if needs[1] else None

    def backward(self, lane: int, span: slice, g: Array) -> None:
        if self.dx is not None:
            np.matmul(g, self.weight.T, out=self.dx[span])
        if self.dw is not None:
            self.dw.add(lane, self.x[span].T @ g)

    def gradients(self) -> tuple[Array | None, Array | None]:
        return self.dx, None if self.dw is None else self.dw.total()
