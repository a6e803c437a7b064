"""Pooling by slices: the pixels that stand at one place of every window are one strided view, R x S of them in all.

Halving, the commonest pooling, has a shorter way: windows of 2x2 that do not overlap take the larger of each pair of
columns, then of each pair of rows, and remember both choices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.padding import blank, inner, padded, places
from nettrain.arrays.scratch import scratch
from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]
Choice = tuple[Array, ...]  # of max pooling: which pixel of each window was the largest


def _halves(window: Window, size: Pair) -> bool:
    plain = window.size == window.stride == (2, 2) and window.dilation == (1, 1)
    return plain and window.pads(*size) == ((0, 0), (0, 0))


def max_pool(x: Array, window: Window, out: Array, *, choosing: bool) -> Choice:
    """The largest pixel of each window into ``out``, and which one it was: the first, where several are equal.

    Shapes   x (n,H,W,C), out (n,P,Q,C). The choice is for ``max_pool_back`` alone; empty if not ``choosing``.
    Notes    NaN stays NaN. Padding never wins.
    """
    if _halves(window, (x.shape[1], x.shape[2])):
        return _halve(x, out, choosing=choosing)
    views = places(padded(x, window.pads(x.shape[1], x.shape[2]), -np.inf), window, (out.shape[1], out.shape[2]))
    np.copyto(out, next(views))
    choice = np.zeros(out.shape, np.uint16 if window.size[0] * window.size[1] > 255 else np.uint8)
    for place, view in enumerate(views, start=1):
        if choosing:
            np.maximum(choice, (view > out) * choice.dtype.type(place), out=choice)
        np.maximum(out, view, out=out)
    return (choice,) if choosing else ()


def max_pool_back(g: Array, choice: Choice, window: Window, out: Array) -> Array:
    """The gradient of the pixels, (n,H,W,C), into ``out``: each window's goes to the pixel that was chosen."""
    if _halves(window, (out.shape[1], out.shape[2])):
        return _halve_back(g, choice, out)
    (place_chosen,) = choice
    size = out.shape[1], out.shape[2]
    dx = blank(out.shape, window.pads(*size), out.dtype)
    for place, view in enumerate(places(dx, window, (g.shape[1], g.shape[2]))):
        view += g * (place_chosen == place)
    out[...] = inner(dx, window.pads(*size), size)
    return out


def _halve(x: Array, out: Array, *, choosing: bool) -> Choice:
    """Of each pair of columns the larger, then of each pair of rows: of equals the first, counted row by row."""
    n, P, Q, C = out.shape
    left, right = x[:, : 2 * P, : 2 * Q : 2], x[:, : 2 * P, 1 : 2 * Q : 2]
    across = scratch("across", (n, 2 * P, Q, C), x.dtype)
    np.maximum(left, right, out=across)
    upper, lower = across[:, ::2], across[:, 1::2]
    choice = (np.greater(right, left), np.greater(lower, upper)) if choosing else ()
    np.maximum(upper, lower, out=out)
    return choice


def _halve_back(g: Array, choice: Choice, out: Array) -> Array:
    n, P, Q, C = g.shape
    columns, rows = (chosen.view(np.uint8) for chosen in choice)  # a byte is cast faster than a bool
    across = scratch("across", (n, 2 * P, Q, C), g.dtype)
    upper, lower = across[:, ::2], across[:, 1::2]
    np.multiply(g, rows, out=lower)
    np.subtract(g, lower, out=upper)
    left, right = out[:, : 2 * P, : 2 * Q : 2], out[:, : 2 * P, 1 : 2 * Q : 2]
    np.multiply(across, columns, out=right)
    np.subtract(across, right, out=left)
    out[:, 2 * P :] = 0
    out[:, :, 2 * Q :] = 0
    return out


def average_pool(x: Array, window: Window, out: Array) -> Array:
    """The mean of the R x S pixels of each window, padding counted as zeros, into ``out``.

    Shapes   (n,H,W,C) -> (n,P,Q,C).
    """
    views = places(padded(x, window.pads(x.shape[1], x.shape[2])), window, (out.shape[1], out.shape[2]))
    np.copyto(out, next(views))
    for view in views:
        out += view
    out *= x.dtype.type(1 / (window.size[0] * window.size[1]))
    return out


def average_pool_back(g: Array, window: Window, out: Array) -> Array:
    """The gradient of the pixels, (n,H,W,C), into ``out``: each window's in equal shares."""
    share = g * g.dtype.type(1 / (window.size[0] * window.size[1]))
    size = out.shape[1], out.shape[2]
    dx = blank(out.shape, window.pads(*size), out.dtype)
    for view in places(dx, window, (g.shape[1], g.shape[2])):
        view += share
    out[...] = inner(dx, window.pads(*size), size)
    return out
