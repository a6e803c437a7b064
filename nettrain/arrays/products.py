"""Matrix products whose bits do not depend on how many pictures came together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.pieces import INFERENCE_ROWS

Array = npt.NDArray[Any]


def rows_apart(x: Array, weight: Array, out: Array) -> None:
    """``out = x @ weight`` for up to 8 rows, always computed as a product of exactly 8.

    Shapes   x (rows, C), weight (C, K), out (rows, K), rows <= 8.
    Notes    BLAS chooses its kernel, and so the order of its sums, from the number of rows: the same row gives other
             bits in a product of 1, of 5 and of 128. Eight rows are a whole block of every kernel, and then the bits
             of a row depend neither on its place nor on its neighbours; tests hold this under each kernel that the
             CPU can run. A weight of one column is not a block: its product would go to a matrix-times-vector kernel,
             where the place of a row matters again, so a column of zeros stands beside it.
    """
    rows, columns = len(x), weight.shape[1]
    if rows == INFERENCE_ROWS and columns > 1:
        np.matmul(x, weight, out=out)
        return
    if columns == 1:
        weight = np.concatenate([weight, np.zeros_like(weight)], axis=1)
    padded = np.zeros((INFERENCE_ROWS, x.shape[1]), x.dtype)
    padded[:rows] = x
    out[:] = (padded @ weight)[:rows, :columns]
