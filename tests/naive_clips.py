"""References for clips, as plain as those of ``naive``: every window found pixel by pixel, frame by frame."""

from __future__ import annotations

import naive
import numpy as np
from naive import Array

from nettrain.arrays.clip_windows import ClipWindow


def places(x: Array, window: ClipWindow, fill: float = 0.0) -> Array:
    """Every window of every clip.  Shapes: (N,T,H,W,C) -> (N,L,P,Q,U,R,S,C)."""
    N, T, H, W, C = x.shape
    pads = [naive.pads(window, axis, length) for axis, length in enumerate((T, H, W))]  # type: ignore[arg-type]
    counts = [
        (n + sum(pad) - d * (k - 1) - 1) // s + 1
        for n, pad, k, s, d in zip((T, H, W), pads, window.size, window.stride, window.dilation, strict=True)
    ]
    found = np.full((N, *counts, *window.size, C), fill)
    for place in np.ndindex(*counts):
        for tap in np.ndindex(*window.size):
            at = [
                o * s + k * d - pad[0]
                for o, k, s, d, pad in zip(place, tap, window.stride, window.dilation, pads, strict=True)
            ]
            if all(0 <= i < n for i, n in zip(at, (T, H, W), strict=True)):
                found[(slice(None), *place, *tap)] = x[(slice(None), *at)]
    return found


def conv3d(x: Array, weight: Array, window: ClipWindow, groups: int = 1) -> Array:
    """Each output pixel the weighted sum of its window, each group of channels with its own filters."""
    patches = places(x, window)
    C, K = x.shape[4] // groups, weight.shape[4] // groups
    return np.concatenate(
        [
            np.einsum(
                "nlpqursc,ursck->nlpqk", patches[..., i * C : i * C + C], weight[..., i * K : i * K + K], optimize=True
            )
            for i in range(groups)
        ],
        axis=4,
    )


def conv3d_gradients(x: Array, weight: Array, g: Array, window: ClipWindow, groups: int = 1) -> tuple[Array, Array]:
    """By the clips and by the filters: a weight joins a pixel to an output, and each gets what the others bring."""
    patches = places(x, window)
    C, K = x.shape[4] // groups, weight.shape[4] // groups
    back, dw = np.zeros(patches.shape), np.zeros(weight.shape)
    for i in range(groups):
        mine, filters = slice(i * C, i * C + C), slice(i * K, i * K + K)
        back[..., mine] = np.einsum("nlpqk,ursck->nlpqursc", g[..., filters], weight[..., filters], optimize=True)
        dw[..., filters] = np.einsum("nlpqursc,nlpqk->ursck", patches[..., mine], g[..., filters], optimize=True)
    return places_back(back, x.shape, window), dw


def places_back(patches: Array, shape: tuple[int, ...], window: ClipWindow) -> Array:
    """Each pixel the sum of its places in all windows.  Shapes: (N,L,P,Q,U,R,S,C) -> (N,T,H,W,C)."""
    lengths = shape[1:4]
    pads = [naive.pads(window, axis, length) for axis, length in enumerate(lengths)]  # type: ignore[arg-type]
    x = np.zeros(shape)
    for index in np.ndindex(patches.shape[1:7]):
        place, tap = index[:3], index[3:]
        at = [
            o * s + k * d - pad[0]
            for o, k, s, d, pad in zip(place, tap, window.stride, window.dilation, pads, strict=True)
        ]
        if all(0 <= i < n for i, n in zip(at, lengths, strict=True)):
            x[(slice(None), *at)] += patches[(slice(None), *index)]
    return x


def max_pool(x: Array, window: ClipWindow) -> Array:
    return places(x, window, -np.inf).max(axis=(4, 5, 6))


def average_pool(x: Array, window: ClipWindow) -> Array:
    return places(x, window).mean(axis=(4, 5, 6))
