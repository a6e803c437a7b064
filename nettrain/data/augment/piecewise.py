"""Operations in numbers with a fraction, on a few pictures at a time, so that what they work with stays in cache."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nettrain.arrays.pieces import PIECE_NUMBERS, Pieces

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]
COLOURS = 3  # channels before alpha


def piecewise(images: U8, strengths: F64, change: Callable[[U8, F64], U8]) -> U8:
    """``change(colours, strengths)`` of a few pictures at a time, in a new array; alpha stays as it is.

    Shapes   images (N,H,W,C), strengths (N,...); ``change`` is given (n,H,W,min(C, 3)) and keeps that.
    Notes    a whole batch at once takes up to five times as long: fresh memory for each of its intermediate results.
    """
    out = np.empty_like(images, order="C")
    pieces = Pieces(len(images), max(1, PIECE_NUMBERS // max(images[0].size, 1))) if len(images) else ()
    for index in range(len(pieces)):
        piece = pieces[index]
        out[piece, ..., :COLOURS] = change(np.ascontiguousarray(images[piece, ..., :COLOURS]), strengths[piece])
    out[..., COLOURS:] = images[..., COLOURS:]
    return out
