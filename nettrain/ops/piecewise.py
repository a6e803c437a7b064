"""The loops that run a core (a convolution, or nothing) and its epilogue by piece, forward and back.

Without a part that collects there is one loop each way: compute a piece, apply the parts while it is in cache. With one
(batch norm in training) there are two: compute, store, collect; merge; then apply the parts by piece. Nothing here
depends on the number of threads, and without recording nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy.typing as npt

from nettrain.arrays import memory
from nettrain.arrays.pieces import Lanes, Pieces
from nettrain.arrays.scratch import scratch
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Backward, Needs
from nettrain.ops.parts import Parts


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
    stages = Parts(parts, shape, dtype, len(pieces), recorded)
    first = stages.first
    y = stages.result()
    if first is None:

        def one_loop(index: int, span: slice) -> None:
            piece = stages.start(y, span)
            core.forward(span, piece)
            stages.apply(index, span, piece, y)

        pieces.each(one_loop)
    else:
        z = memory.empty(shape, dtype)

        def compute(index: int, span: slice) -> None:
            core.forward(span, z[span])
            first.collect(index, z[span])

        pieces.each(compute)
        first.finish()
        pieces.each(lambda index, span: stages.apply(index, span, z[span], y))
        del z  # the part keeps the pieces that it needs

    def backward(g: Array, needs: Needs) -> list[Array | None]:
        core.open_back(Needs(needs[: core.inputs], onto=needs.onto[: core.inputs]))
        stages.open_back(Needs(needs[core.inputs :]))
        if first is None:

            def step(lane: int, index: int) -> None:
                core.backward(lane, pieces[index], stages.back(index, pieces[index], g, needs.owned))

            core.lanes.each(step)
        else:
            kept = memory.empty(shape, dtype)
            by_piece: list[Array] = [g] * len(pieces)

            def collect(index: int, span: slice) -> None:
                by_piece[index] = stages.back(index, span, g, needs.owned, kept)
                first.back_collect(index, by_piece[index])

            def second_step(lane: int, index: int) -> None:
                piece = by_piece[index]
                out = scratch("normed", piece.shape, piece.dtype)
                core.backward(lane, pieces[index], first.back(index, pieces[index], piece, out))

            pieces.each(collect)
            first.back_finish()
            core.lanes.each(second_step)
        return [*core.gradients(), *stages.gradients()]

    return y, backward
