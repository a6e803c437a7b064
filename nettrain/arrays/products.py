"""Matrix products cut so that they run fast, and those whose bits do not depend on the company of a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.pieces import INFERENCE_ROWS
from nettrain.arrays.scratch import scratch

Array = npt.NDArray[Any]

SMALL_PRODUCT = 1_000_000  # M*N*K up to which OpenBLAS multiplies without packing first: 10 to 20 percent faster here
FEWEST_ROWS = 16  # of a block; fewer would pay more for calls than the block gains


def by_blocks(x: Array, weight: Array, out: Array) -> None:
    """``out = x @ weight`` for many rows, in blocks of rows that stay below ``SMALL_PRODUCT``.

    Shapes   x (..., rows, C), weight (..., C, K), out (..., rows, K).
    Notes    The cut follows from the shapes alone.
    """
    rows, (C, K) = x.shape[-2], weight.shape[-2:]
    block = _power_of_two(SMALL_PRODUCT // max(C * K, 1))
    if block < FEWEST_ROWS or block >= rows:
        np.matmul(x, weight, out=out)
        return
    whole = rows - rows % block
    np.matmul(_blocks(x, whole, block), weight[..., None, :, :], out=_blocks(out, whole, block))
    if whole < rows:
        np.matmul(x[..., whole:, :], weight, out=out[..., whole:, :])


def summed_product(x: Array, y: Array, out: Array, *, add: bool) -> None:
    """``out = x @ y``, or ``out += x @ y``, where the inner axis is long and the result is small.

    Shapes   x (..., C, rows), y (..., rows, K), out (..., C, K).
    Notes    Blocks of rows below ``SMALL_PRODUCT`` are multiplied on their own and added up where they have more rows
             than the result; the cut follows from the shapes alone.
    """
    rows, (C, K) = y.shape[-2], out.shape[-2:]
    block = _power_of_two(SMALL_PRODUCT // max(C * K, 1))
    if block < min(max(C, K), rows) or block >= rows:
        if add:
            out += np.matmul(x, y, out=scratch("term", out.shape, out.dtype))
        else:
            np.matmul(x, y, out=out)
        return
    whole = rows - rows % block
    terms = scratch("term", (*out.shape[:-2], whole // block, C, K), out.dtype)
    np.matmul(_blocks(x.swapaxes(-1, -2), whole, block).swapaxes(-1, -2), _blocks(y, whole, block), out=terms)
    total = terms.sum(axis=-3)
    if whole < rows:
        total += x[..., whole:] @ y[..., whole:, :]
    if add:
        out += total
    else:
        out[...] = total


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
    if rows == INFERENCE_ROWS and columns > 1 and x.flags.c_contiguous:  # else BLAS would take another kernel
        np.matmul(x, weight, out=out)
        return
    if columns == 1:
        weight = np.concatenate([weight, np.zeros_like(weight)], axis=1)
    padded = np.zeros((INFERENCE_ROWS, x.shape[1]), x.dtype)
    padded[:rows] = x
    out[:] = (padded @ weight)[:rows, :columns]


def _blocks(x: Array, whole: int, block: int) -> Array:
    """(..., rows, C) as (..., whole / block, block, C): a view."""
    *batch, _, C = x.shape
    *outer, s_row, s_c = x.strides
    strides = (*outer, s_row * block, s_row, s_c)
    return np.lib.stride_tricks.as_strided(x, (*batch, whole // block, block, C), strides)


def _power_of_two(limit: int) -> int:
    return 1 << max(limit.bit_length() - 1, 0)
