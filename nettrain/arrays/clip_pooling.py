"""Pooling of clips: of each frame first, by what pools pictures; then over frames, whole ones at a time.

The largest of a window is the largest of what its frames have for theirs, and a mean the mean of their means; of equals
the first is found, counted frame by frame and row by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays import pooling
from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.scratch import scratch

Array = npt.NDArray[Any]
Choice = tuple[pooling.Choice, Array]  # of max pooling: which pixel within each frame, and which frame of each window


def max_pool(x: Array, window: ClipWindow, out: Array, *, choosing: bool) -> Choice:
    """The largest pixel of each window into ``out``, and which one it was.

    Shapes   x (n,T,H,W,C), out (n,L,P,Q,C). The choice is for ``max_pool_back`` alone; empty if not ``choosing``.
    Notes    NaN stays NaN. Padding never wins.
    """
    frames = _frames(x, out)
    within = pooling.max_pool(_pictures(x), window.space, _pictures(frames), choosing=choosing)
    return within, largest_frames(frames, window, out, choosing=choosing)


def max_pool_back(g: Array, choice: Choice, window: ClipWindow, out: Array) -> Array:
    """The gradient of the pixels, (n,T,H,W,C), into ``out``: each window's goes to the pixel that was chosen."""
    within, chosen = choice
    frames = _frames(out, g)
    largest_frames_back(g, chosen, window, frames)
    pooling.max_pool_back(_pictures(frames), within, window.space, _pictures(out))
    return out


def largest_frames(frames: Array, window: ClipWindow, out: Array, *, choosing: bool) -> Array:
    """The largest of the frames that a window sees, place by place, into ``out``, and by which tap it is seen.

    Shapes   frames (n,T,...), out and the choice (n,L,...).
    """
    T, U, L = frames.shape[1], window.size[0], out.shape[1]
    choice = np.zeros(out.shape if choosing else 0, np.uint16 if U > 255 else np.uint8)
    out.fill(-np.inf)
    for tap in range(U):
        here, there = window.met(tap, T, L)
        seen, best = frames[:, there], out[:, here]
        if choosing and tap:
            chosen = choice[:, here]
            np.maximum(chosen, np.multiply(seen > best, tap, dtype=choice.dtype), out=chosen)
        np.maximum(best, seen, out=best)
    return choice


def largest_frames_back(g: Array, choice: Array, window: ClipWindow, out: Array) -> None:
    """The gradient of the frames (n,T,...) into ``out``, from that of the largest (n,L,...)."""
    out.fill(0)
    for tap in range(window.size[0]):
        here, there = window.met(tap, out.shape[1], g.shape[1])
        out[:, there] += g[:, here] * (choice[:, here] == tap)


def average_pool(x: Array, window: ClipWindow, out: Array) -> Array:
    """The mean of the U x R x S pixels of each window, padding counted as zeros, into ``out``.

    Shapes   (n,T,H,W,C) -> (n,L,P,Q,C).
    """
    frames = _frames(x, out)
    pooling.average_pool(_pictures(x), window.space, _pictures(frames))
    out.fill(0)
    for tap in range(window.size[0]):
        here, there = window.met(tap, x.shape[1], out.shape[1])
        out[:, here] += frames[:, there]
    out *= x.dtype.type(1 / window.size[0])
    return out


def average_pool_back(g: Array, window: ClipWindow, out: Array) -> Array:
    """The gradient of the pixels, (n,T,H,W,C), into ``out``: each window's in equal shares."""
    frames = _frames(out, g)
    frames.fill(0)
    share = g.dtype.type(1 / window.size[0])
    for tap in range(window.size[0]):
        here, there = window.met(tap, out.shape[1], g.shape[1])
        frames[:, there] += g[:, here] * share
    pooling.average_pool_back(_pictures(frames), window.space, _pictures(out))
    return out


def _frames(clips: Array, pooled: Array) -> Array:
    """Scratch for all frames of clips, each as it is pooled by itself: (n,T,P,Q,C)."""
    return scratch("pooled frames", (*clips.shape[:2], *pooled.shape[2:]), clips.dtype)


def _pictures(clips: Array) -> Array:
    """(n,T,H,W,C) -> (n*T,H,W,C), a view where it is contiguous."""
    return clips.reshape(-1, *clips.shape[2:])
