"""Padding around pictures, in scratch memory, and the views within it: the picture, and what a window meets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]
Pads = tuple[Pair, Pair]  # pixels (before, after) along rows and along columns


def padded(x: Array, pads: Pads, value: float = 0.0) -> Array:
    """(n,H,W,C) with ``value`` around each picture, in scratch; ``x`` itself where there is no padding."""
    if pads == ((0, 0), (0, 0)):
        return x
    around = blank(x.shape, pads, x.dtype, value)
    inner(around, pads, (x.shape[1], x.shape[2]))[...] = x
    return around


def blank(shape: tuple[int, ...], pads: Pads, dtype: npt.DTypeLike, value: float = 0.0) -> Array:
    """Scratch for pictures (n,H,W,C) and their padding, filled with ``value``."""
    n, H, W, C = shape
    rows, columns = pads
    around = scratch("padded", (n, H + sum(rows), W + sum(columns), C), dtype)
    around.fill(value)
    return around


def inner(around: Array, pads: Pads, size: Pair) -> Array:
    """The pictures (n,H,W,C) within their padding: a view."""
    rows, columns = pads
    return around[:, rows[0] : rows[0] + size[0], columns[0] : columns[0] + size[1]]


def places(around: Array, window: Window, out: Pair) -> Iterator[Array]:
    """For each place (r, s) of the window, in order, the view (n,P,Q,C) of the pixels that it meets there."""
    (a, b), (d, e), (P, Q) = window.stride, window.dilation, out
    for r in range(window.size[0]):
        for s in range(window.size[1]):
            yield around[:, r * d : r * d + P * a : a, s * e : s * e + Q * b : b][:, :P, :Q]
