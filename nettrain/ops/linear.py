"""The affine map of a dense layer, with an epilogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettrain.arrays import memory
from nettrain.arrays.pieces import DENSE_PIECE, INFERENCE_ROWS, Pieces, product_nanoseconds
from nettrain.arrays.products import rows_apart
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.tensor import Array, Backward, Needs
from nettrain.ops.parts import Parts

INPUTS_A_TILE = 512  # rows of the weight that make both gradients while they are in cache


@op("(N,C),(C,K)->(N,K)", flops="2 N C K")
def linear(x: Array, weight: Array, *, epilogue: Sequence[Part] = (), recorded: bool = False) -> tuple[Array, Backward]:
    """Every output is the weighted sum of a row; a bias comes as a part of the epilogue.

    Shapes   as the signature says; rows are images.
    Errors   ``ShapeError`` names the argument and the letter that disagree.
    Cost     2 N C K flops forward, twice that for both gradients.
    Notes    Forward a piece is some rows. Backward it is a tile of inputs with all rows, so that each weight is read
             once, and no sum is cut.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.5.
    """
    shape = (len(x), weight.shape[1])
    pieces = Pieces(len(x), DENSE_PIECE if recorded else INFERENCE_ROWS)
    stages = Parts(epilogue, shape, x.dtype, len(pieces), recorded)
    first = stages.first
    y = stages.result()
    z = None if first is None else memory.empty(shape, x.dtype)

    def product(index: int, span: slice) -> None:
        piece = stages.start(y, span) if z is None else z[span]
        if recorded:
            np.matmul(x[span], weight, out=piece)
        else:
            rows_apart(x[span], weight, piece)
        if first is None:
            stages.apply(index, span, piece, y)
        else:
            first.collect(index, piece)

    pieces.each(product, product_nanoseconds(len(x) * weight.size))
    if first is not None and z is not None:
        whole = z
        first.finish()
        pieces.each(lambda index, span: stages.apply(index, span, whole[span], y), whole.size)

    def backward(g: Array, needs: Needs) -> list[Array | None]:
        stages.open_back(Needs(needs[2:]))
        gz = stages.back_whole(pieces, g, needs.owned)
        dx = memory.empty(x.shape, x.dtype) if needs[0] else None
        dw = memory.empty(weight.shape, weight.dtype) if needs[1] else None

        def tile(index: int, inputs: slice) -> None:
            if dx is not None:
                np.matmul(gz, weight[inputs].T, out=dx[:, inputs])
            if dw is not None:
                np.matmul(x[:, inputs].T, gz, out=dw[inputs])

        wanted = (dx is not None) + (dw is not None)
        Pieces(x.shape[1], INPUTS_A_TILE).each(tile, product_nanoseconds(wanted * len(x) * weight.size))
        return [dx, dw, *stages.gradients()]

    return y, backward
