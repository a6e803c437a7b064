"""Convolution of clips, over frames as over pixels: patches in time, and then a kernel for pictures.

What a filter sees of U frames is one picture with U times the channels: those of each frame, side by side. So frames
are gathered by the taps in time, and whichever kernel suits such a picture does the rest, forward and back; a gradient
of the gathered frames is added up to where they came from.

Source   Tran, Bourdev, Fergus, Torresani, Paluri, "Learning Spatiotemporal Features with 3D Convolutional Networks",
         2015, section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.clip_windows import ClipWindow, Triple
from nettrain.arrays.convolution import planes
from nettrain.arrays.convolution.choice import kernel_for
from nettrain.arrays.convolution.kernel import Kernel, one_by_one
from nettrain.arrays.convolution.planes import Planes
from nettrain.arrays.scratch import scratch

Array = npt.NDArray[Any]

FEW_CHANNELS = 12  # of what is gathered of frames with few: so many planes are still faster than patches


class Clips:
    """Forward and both gradients for pieces (n,T,H,W,C) -> (n,L,P,Q,K), with filters (U,R,S,D,K), D = C / groups.

    Notes    No product mixes clips if they are kept apart; frames of one clip go together.
    """

    def __init__(
        self, size: Triple, weight: tuple[int, ...], window: ClipWindow, groups: int, dtype: npt.DTypeLike
    ) -> None:
        T, H, W = size
        self.U, R, S, self.D, self.K = weight
        self.T, self.window, self.groups, self.dtype = T, window, groups, np.dtype(dtype)
        self.L, P, Q = window.output_size(*size)
        self.frame, self.place = (H, W), (P, Q)
        flat, space = (R, S, self.U * self.D, self.K), window.space
        if self.D <= planes.MOST_CHANNELS < flat[2] and planes.fits(self.frame, flat, space, groups, FEW_CHANNELS):
            self.kernel: Kernel = Planes(self.frame, flat, space, dtype)
        else:
            self.kernel = kernel_for(self.frame, flat, space, groups, self.dtype)
        self.accumulator = self.kernel.accumulator
        self.pictures = max(1, self.kernel.pictures // self.L)
        self.as_it_is = self.U == 1 and self.L == T and window.stride[0] == 1

    def weights(self, weight: Array) -> Any:
        """What the kernel wants of the filters (R,S,U*D,K)."""
        return self.kernel.weights(self._flat(weight))

    def weights_back(self, weight: Array) -> Any:
        """What the kernel wants of them for the gradient of the pictures."""
        return self.kernel.weights_back(self._flat(weight))

    def forward(self, x: Array, weights: Any, out: Array, *, apart: bool = False) -> None:
        """Write the convolution of a piece.  Shapes: x (n,T,H,W,C), out (n,L,P,Q,K)."""
        if apart and len(x) > 1:
            one_by_one(self.forward, x, weights, out)
            return
        for clips, places in self._runs(len(x)):
            self.kernel.forward(self._gathered(x[clips], places), weights, _pictures(out[clips, places]))

    def backward(self, x: Array, g: Array, weights: Any, dx: Array | None, dw: Array | None, add: bool) -> None:
        """Write the gradient of a piece into ``dx``, and that of the filters into ``dw``, or add it there."""
        if dx is not None and not self.as_it_is:
            dx.fill(0)
        for clips, places in self._runs(len(x)):
            frames = self._gathered(x[clips], places)
            back = None
            if dx is not None:
                direct = self.as_it_is
                back = _pictures(dx[clips, places]) if direct else scratch("frames back", frames.shape, self.dtype)
            self.kernel.backward(frames, _pictures(g[clips, places]), weights, back, dw, add)
            if dx is not None and back is not None and not self.as_it_is:
                self._scatter(back, dx[clips], places)
            add = True

    def weight_gradient(self, total: Array) -> Array:
        """The gradient (U,R,S,D,K) of the filters from the sum over all pieces."""
        flat = self.kernel.weight_gradient(total)
        R, S = flat.shape[:2]
        return np.ascontiguousarray(flat.reshape(R, S, self.U, self.D, self.K).transpose(2, 0, 1, 3, 4))

    def _flat(self, weight: Array) -> Array:
        """(U,R,S,D,K) -> (R,S,U*D,K)."""
        _, R, S, _, _ = weight.shape
        return np.ascontiguousarray(weight.transpose(1, 2, 0, 3, 4)).reshape(R, S, self.U * self.D, self.K)

    def _runs(self, clips: int) -> Iterator[tuple[slice, slice]]:
        """Which clips and places in time go to the kernel together: all of several clips, or runs of one."""
        whole = slice(0, self.L)
        if clips * self.L <= self.kernel.pictures:
            yield slice(0, clips), whole
            return
        for clip in range(clips):
            for start in range(0, self.L, self.kernel.pictures):
                yield slice(clip, clip + 1), slice(start, min(start + self.kernel.pictures, self.L))

    def _gathered(self, x: Array, places: slice) -> Array:
        """What these places in time see: (n,T,H,W,C) -> (n*L,H,W,groups*U*D)."""
        if self.as_it_is:
            return _pictures(x[:, places])
        n, count = len(x), places.stop - places.start
        frames = scratch("frames", (n * count, *self.frame, self.groups * self.U * self.D), self.dtype)
        by_tap, by_group = self._by_tap(frames, n), x.reshape(*x.shape[:4], self.groups, self.D)
        for tap in range(self.U):
            here, there = self._met(tap, places)
            by_tap[:, : here.start, ..., tap, :] = 0
            by_tap[:, here, ..., tap, :] = by_group[:, there]
            by_tap[:, here.stop :, ..., tap, :] = 0
        return frames

    def _scatter(self, frames: Array, dx: Array, places: slice) -> None:
        """Add what each place in time gives to the frames that it saw."""
        by_tap, by_group = self._by_tap(frames, len(dx)), dx.reshape(*dx.shape[:4], self.groups, self.D)
        for tap in range(self.U):
            here, there = self._met(tap, places)
            by_group[:, there] += by_tap[:, here, ..., tap, :]

    def _by_tap(self, frames: Array, n: int) -> Array:
        """(n*L,H,W,groups*U*D) -> (n,L,H,W,groups,U,D), a view."""
        return frames.reshape(n, -1, *self.frame, self.groups, self.U, self.D)

    def _met(self, tap: int, places: slice) -> tuple[slice, slice]:
        """Which of these places see a frame through a tap, counted from the first of them, and which frames."""
        a = self.window.stride[0]
        found, frames = self.window.met(tap, self.T, self.L)
        first, last = max(found.start, places.start), min(found.stop, places.stop)
        if last <= first:
            return slice(0, 0), slice(0, 0)
        start = frames.start + (first - found.start) * a
        return slice(first - places.start, last - places.start), slice(start, start + (last - first - 1) * a + 1, a)


@lru_cache(maxsize=1024)
def clip_kernel_for(
    size: Triple, weight: tuple[int, ...], window: ClipWindow, groups: int, dtype: npt.DTypeLike
) -> Clips:
    """The kernel for clips of (T,H,W) and filters (U,R,S,D,K); the same shapes share one."""
    return Clips(size, weight, window, groups, dtype)


def _pictures(clips: Array) -> Array:
    """(n,L,...) -> (n*L,...), a view of what lies in one piece."""
    return clips.reshape(-1, *clips.shape[2:])
