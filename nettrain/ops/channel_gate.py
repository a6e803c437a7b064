"""Each channel of a picture times a number of its own, with an epilogue."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nettrain.arrays import memory
from nettrain.arrays.lines import Lines
from nettrain.arrays.pieces import Lanes, Pieces, pictures_a_piece
from nettrain.arrays.scratch import scratch
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.tensor import Array, Backward, Needs
from nettrain.ops.piecewise import piecewise


@op("(N,H,W,C),(N,C)->(N,H,W,C)")
def channel_gate(
    x: Array, gate: Array, *, epilogue: Sequence[Part] = (), recorded: bool = False
) -> tuple[Array, Backward]:
    """Every pixel of a picture times the picture's gate, channel by channel.

    Shapes   as the signature says.
    Source   Hu, Shen, Albanie, Sun, Wu, "Squeeze-and-Excitation Networks", 2017, equation 4.
    """
    core = _Gated(x, gate, recorded)
    return piecewise(core, x.shape, x.dtype, core.pieces, epilogue, recorded)


class _Gated:
    """The product over the pieces of a batch, a run of pixels at a time."""

    inputs = 2

    def __init__(self, x: Array, gate: Array, recorded: bool) -> None:
        self.x, self.gate = np.ascontiguousarray(x), gate
        self.lines = Lines(x.shape)
        self.pieces = Pieces(len(x), pictures_a_piece(recorded, math.prod(x.shape[1:])))
        self.lanes = Lanes.of(len(self.pieces), 0)

    def forward(self, span: slice, out: Array) -> None:
        np.multiply(self._runs(self.x[span]), self._repeated(span), out=self._runs(out))

    def open_back(self, needs: Needs) -> None:
        self.dx = memory.empty(self.x.shape, self.x.dtype) if needs[0] else None
        self.dgate = np.empty(self.gate.shape, self.gate.dtype) if needs[1] else None

    def backward(self, lane: int, span: slice, g: Array) -> None:
        runs = self._runs(np.ascontiguousarray(g))
        if self.dgate is not None:
            product = np.multiply(runs, self._runs(self.x[span]), out=scratch("gated", runs.shape, g.dtype))
            ones = np.ones((1, runs.shape[1]), g.dtype)
            sums = (ones @ product).reshape(len(runs), self.lines.repeat, -1)
            np.sum(sums, axis=1, out=self.dgate[span])
        if self.dx is not None:
            np.multiply(runs, self._repeated(span), out=self._runs(self.dx[span]))

    def gradients(self) -> tuple[Array | None, Array | None]:
        return self.dx, self.dgate

    def _runs(self, piece: Array) -> Array:
        """(n,H,W,C) -> (n,runs,repeat*C), a view."""
        return piece.reshape(len(piece), -1, self.lines.length)

    def _repeated(self, span: slice) -> Array:
        return self.lines.repeated(self.gate[span])[:, None]
