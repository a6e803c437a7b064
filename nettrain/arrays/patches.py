"""Patches: every window of a picture laid out as one row, which makes a convolution a product; and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from nettrain.arrays.windows import Pair, Window

Array = npt.NDArray[Any]


def windows_of(padded: Array, window: Window, places: Pair) -> Array:
    """The windows of an already padded (n,H,W,C) as a view (n,P,Q,R,S,C): no copy, so never write to it."""
    n, _, _, C = padded.shape
    s_n, s_h, s_w, s_c = padded.strides
    (a, b), (d, e) = window.stride, window.dilation
    return as_strided(
        padded, (n, *places, *window.size, C), (s_n, s_h * a, s_w * b, s_h * d, s_w * e, s_c), writeable=False
    )


def pad(x: Array, window: Window, value: float = 0.0) -> Array:
    """(n,H,W,C) with the window's padding around each picture; ``x`` itself where there is none."""
    rows, columns = window.pads(x.shape[1], x.shape[2])
    if not any((*rows, *columns)):
        return x
    n, H, W, C = x.shape
    padded = np.full((n, H + sum(rows), W + sum(columns), C), value, x.dtype)
    padded[:, rows[0] : rows[0] + H, columns[0] : columns[0] + W] = x
    return padded


def unfold(x: Array, window: Window) -> Array:
    """(n,H,W,C) -> (n,P,Q,R,S,C), C-contiguous: a patch is a contiguous row of R*S*C numbers.

    Source   im2col: Chellapilla, Puri, Simard, "High Performance Convolutional Neural Networks for Document
             Processing", 2006.
    """
    places = window.output_size(x.shape[1], x.shape[2])
    return np.ascontiguousarray(windows_of(pad(x, window), window, places))


def fold(patches: Array, size: Pair, window: Window) -> Array:
    """(n,P,Q,R,S,C) -> (n,H,W,C): each pixel is the sum of its places in all patches; the transpose of ``unfold``."""
    n, P, Q, R, S, C = patches.shape
    rows, columns = window.pads(*size)
    (a, b), (d, e) = window.stride, window.dilation
    padded = np.zeros((n, size[0] + sum(rows), size[1] + sum(columns), C), patches.dtype)
    for r in range(R):
        for s in range(S):
            padded[:, r * d : r * d + P * a : a, s * e : s * e + Q * b : b] += patches[:, :, :, r, s]
    return padded[:, rows[0] : rows[0] + size[0], columns[0] : columns[0] + size[1]]
