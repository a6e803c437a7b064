"""An operation on some of the pictures, the others as they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]


def partly(images: U8, chosen: npt.NDArray[np.bool_], change: Callable[[U8], U8]) -> U8:
    """The chosen pictures changed, in a new array.

    Shapes   images (N,H,W,C), chosen (N,); ``change`` is given the n chosen ones and keeps their shape.
    """
    if chosen.all():
        return change(images)
    out = images.copy()
    if chosen.any():
        out[chosen] = change(images[chosen])
    return out
