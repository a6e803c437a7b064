"""The affine map of a dense layer, with an epilogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettrain.arrays import memory
from nettrain.arrays.pieces import DENSE_PIECE, INFERENCE_ROWS, Pieces, back_and_forth, product_nanoseconds
from nettrain.arrays.products import rows_apart
from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.tensor import Array, Backward, Needs
from nettrain.ops.parts import Parts

OUTPUTS_A_TILE = 256  # columns of the weight in a product forward, in training
INPUTS_A_TILE = 512  # rows of the weight that make both gradients while they are in cache


@op("(N,C),(C,K)->(N,K)", flops="2 N C K")
def linear(x: Array, weight: Array, *, epilogue: Sequence[Part] = (), recorded: bool = False) -> tuple[Array, Backward]:
    """Every output is the weighted sum of a row; a bias comes as a part of the epilogue.

    Shapes   as the signature says; rows are images.
    Errors   ``ShapeError`` names the argument and the letter that disagree.
    Cost     2 N C K flops forward, twice that for both gradients.
    Notes    Forward the product of many rows is cut by outputs, so that each weight is read once; backward it is a tile
             of inputs with all rows, and no sum is cut. At inference every row has a product of its own.
    Source   Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.5.
    """
    shape = (len(x), weight.shape[1])
    pieces = Pieces(len(x), DENSE_PIECE if recorded else INFERENCE_ROWS)
    stages = Parts(epilogue, shape, x.dtype, len(pieces), recorded)
    first = stages.first
    y = stages.result()
    made = stages.whole(y)
    work = product_nanoseconds(len(x) * weight.size)
    if recorded:
        tiles = Pieces(shape[1], OUTPUTS_A_TILE)

        def product(index: int) -> None:
            rows, outputs = pieces[index // len(tiles)], tiles[index % len(tiles)]
            np.matmul(x[rows], weight[:, outputs], out=made[rows, outputs])

        back_and_forth(len(pieces) * len(tiles), product, work)
    else:
        pieces.each(lambda index, rows: rows_apart(x[rows], weight, made[rows]), work)
    if first is not None:
        collecting = first
        pieces.each(lambda index, rows: collecting.collect(index, made[rows]), made.size)
        first.finish()
    if stages.parts:
        pieces.each(lambda index, rows: stages.apply(index, rows, made[rows], y), made.size)

    def backward(g: Array, needs: Needs) -> list[Array | None]:
        stages.open_back(Needs(needs[2:]))
        gz = stages.back_whole(pieces, g, needs.owned)
        dx = memory.empty(x.shape, x.dtype) if needs[0] else None
        home = needs.homes[1]
        dw = (memory.empty(weight.shape, weight.dtype) if home is None else home) if needs[1] else None

        def tile(index: int, inputs: slice) -> None:
            if dx is not None:
                np.matmul(gz, weight[inputs].T, out=dx[:, inputs])
            if dw is not None:
                np.matmul(x[:, inputs].T, gz, out=dw[inputs])

        wanted = (dx is not None) + (dw is not None)
        Pieces(x.shape[1], INPUTS_A_TILE).each(tile, product_nanoseconds(wanted * len(x) * weight.size))
        return [dx, dw, *stages.gradients()]

    return y, backward
