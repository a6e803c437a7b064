"""Pooling by slices: the pixels that stand at one place of every window are one strided view, R x S of them in all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.patches import pad
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]


def _places(padded: Array, window: Window, out: Pair) -> Iterator[Array]:
    """For each place (r, s) of the window, in order, the view (n,P,Q,C) of the pixels there."""
    (a, b), (d, e), (P, Q) = window.stride, window.dilation, out
    for r in range(window.size[0]):
        for s in range(window.size[1]):
            yield padded[:, r * d : r * d + P * a : a, s * e : s * e + Q * b : b][:, :P, :Q]


def _cut(padded: Array, window: Window, size: Pair) -> Array:
    rows, columns = window.pads(*size)
    return padded[:, rows[0] : rows[0] + size[0], columns[0] : columns[0] + size[1]]


def _empty_padded(n: int, size: Pair, C: int, window: Window, dtype: npt.DTypeLike) -> Array:
    rows, columns = window.pads(*size)
    return np.zeros((n, size[0] + sum(rows), size[1] + sum(columns), C), dtype)


def max_pool(x: Array, window: Window) -> tuple[Array, Array]:
    """The largest pixel of each window, and which one it was: the first, where several are equal.

    Shapes   x (n,H,W,C) -> y and choice (n,P,Q,C); choice counts the places of the window row by row.
    Notes    NaN stays NaN. Padding never wins.
    """
    out = window.output_size(x.shape[1], x.shape[2])
    views = _places(pad(x, window, -np.inf), window, out)
    y = next(views).copy()
    choice = np.zeros(y.shape, np.uint16 if window.size[0] * window.size[1] > 255 else np.uint8)
    for place, view in enumerate(views, start=1):
        np.maximum(choice, (view > y) * choice.dtype.type(place), out=choice)
        np.maximum(y, view, out=y)
    return y, choice


def max_pool_back(g: Array, choice: Array, size: Pair, window: Window) -> Array:
    """The gradient (n,H,W,C) of the pixels: each window's goes to the pixel that was chosen."""
    n, P, Q, C = g.shape
    dx = _empty_padded(n, size, C, window, g.dtype)
    for place, view in enumerate(_places(dx, window, (P, Q))):
        view += g * (choice == place)
    return _cut(dx, window, size)


def average_pool(x: Array, window: Window) -> Array:
    """The mean of the R x S pixels of each window, padding counted as zeros.  Shapes: (n,H,W,C) -> (n,P,Q,C)."""
    out = window.output_size(x.shape[1], x.shape[2])
    views = _places(pad(x, window), window, out)
    y = next(views).copy()
    for view in views:
        y += view
    y *= x.dtype.type(1 / (window.size[0] * window.size[1]))
    return y


def average_pool_back(g: Array, size: Pair, window: Window) -> Array:
    """The gradient (n,H,W,C) of the pixels: each window's in equal shares."""
    n, P, Q, C = g.shape
    share = g * g.dtype.type(1 / (window.size[0] * window.size[1]))
    dx = _empty_padded(n, size, C, window, g.dtype)
    for view in _places(dx, window, (P, Q)):
        view += share
    return _cut(dx, window, size)
