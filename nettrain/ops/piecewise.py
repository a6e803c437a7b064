"""The loops that run a core (a convolution, a dense product, or nothing) and its epilogue by piece, forward and back.

Without a part that collects there is one loop each way: compute a piece, apply the parts while it is in cache, store
it. With one (batch norm in training) there are two: compute, store, collect; merge; then apply the parts by piece.
Nothing here depends on the number of threads, and without recording nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nettrain.arrays import memory
from nettrain.arrays.pieces import Lanes, Pieces
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Backward, Needs, Shape


class Core(Protocol):
    """What makes the pieces that an epilogue works on.

    ``inputs`` says how many tensors it takes; ``lanes`` how its weight-sized sums are cut.
    """

    inputs: int
    lanes: Lanes

    def forward(self, span: slice, out: Array) -> None:
        """Write the result for these pictures into ``out``."""

    def open_back(self, needs: Needs) -> None:
        """Prepare the walk back."""

    def backward(self, lane: int, span: slice, g: Array) -> None:
        """Take the gradient of the result for these pictures; weight-sized sums go to ``lane``."""

    def gradients(self) -> Sequence[Array | None]:
        """One gradient for each input, after all pieces."""


def piecewise(
    core: Core, shape: tuple[int, ...], dtype: npt.DTypeLike, pieces: Pieces, parts: Sequence[Part], recorded: bool
) -> tuple[Array, Backward]:
    """Run ``core`` and ``parts``; returns the result and the way back.

    Shapes   ``shape`` is what the core makes, (N, ...); the result has the shape that leaves the last part.
    """
    out_shape: Shape = shape
    for part in parts:
        part.open(tuple(int(dim) for dim in out_shape), len(pieces), recorded)
        out_shape = part.output_shape(out_shape)
    y = memory.empty(tuple(int(dim) for dim in out_shape), dtype)
    first = parts[0] if parts and parts[0].collects else None
    plain = tuple(part for part in parts if part is not first)
    if any(part.collects for part in plain):
        raise TypeError("only the first part of an epilogue may collect")

    def rest(index: int, span: slice, piece: Array) -> None:
        for part in plain:
            piece = part.apply(index, span, piece)
        y[span] = piece

    if not parts:
        pieces.each(lambda index, span: core.forward(span, y[span]))
    elif first is None:

        def one_loop(index: int, span: slice) -> None:
            piece = np.empty((span.stop - span.start, *shape[1:]), dtype)
            core.forward(span, piece)
            rest(index, span, piece)

        pieces.each(one_loop)
    else:
        z = memory.empty(shape, dtype)

        def convolve(index: int, span: slice) -> None:
            core.forward(span, z[span])
            first.collect(index, z[span])

        pieces.each(convolve)
        first.finish()
        pieces.each(lambda index, span: rest(index, span, first.apply(index, span, z[span])))
        del z  # the part keeps the pieces that it needs

    def backward(g: Array, needs: Needs) -> list[Array | None]:
        core.open_back(Needs(needs[: core.inputs]))
        at = core.inputs
        for part in parts:
            part.open_back(Needs(needs[at : at + len(part.tensors)]))
            at += len(part.tensors)

        def through(index: int, span: slice) -> Array:
            piece = g[span]
            for part in reversed(plain):
                piece = part.back(index, span, piece)
            return piece

        if first is None:
            core.lanes.each(lambda lane, i: core.backward(lane, pieces[i], through(i, pieces[i])))
        else:
            gz = memory.empty(shape, dtype)

            def collect(index: int, span: slice) -> None:
                gz[span] = through(index, span)
                first.back_collect(index, gz[span])

            pieces.each(collect)
            first.back_finish()
            core.lanes.each(lambda lane, i: core.backward(lane, pieces[i], first.back(i, pieces[i], gz[pieces[i]])))
        return [*core.gradients(), *(gradient for part in parts for gradient in part.gradients())]

    return y, backward
