"""Operations that mix the colours of a pixel: saturation, grey, hue; alpha, the fourth channel, stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.piecewise import piecewise

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

RED, GREEN, BLUE, WHOLE = 19595, 38470, 7471, 65536  # shares of a grey level: ITU-R BT.601, as Pillow rounds them
SECTORS = 6  # of the circle of hues
FARTHEST = (5, 3, 1)  # sectors from where red, green and blue begin to fall


def saturation(images: U8, factors: F64) -> U8:
    """Away from its own grey by the picture's factor, each pixel: 0 is grey, 1 the picture as it is."""
    return piecewise(images, factors, _saturated)


def grey(images: U8) -> U8:
    """Every colour its grey level."""
    return piecewise(images, np.zeros(len(images)), lambda colours, _: _grey(colours))


def hue(images: U8, shifts: F64) -> U8:
    """Every colour goes round the circle of hues by the picture's shift, a part of the whole circle.

    Notes    lightest and darkest of the three colours stay what they are (V and S of HSV); greys stay.
    Source   Smith, "Color Gamut Transform Pairs", 1978; the way back is one formula for all sectors.
    """
    return piecewise(images, shifts, _turned)


def planes(images: U8) -> F32:
    """The channels apart, (C,N,H*W): along each of them loops are fast."""
    n, height, width, channels = images.shape
    apart = np.empty((channels, n, height * width), np.float32)
    for channel, plane in enumerate(apart):
        plane[...] = images[..., channel].reshape(n, height * width)
    return apart


def _levels(apart: F32) -> F32:
    """The grey level of each pixel, (N,H*W)."""
    level: F32 = RED * apart[0] + GREEN * apart[1] + BLUE * apart[2]  # whole numbers below 2**24: exact
    level += WHOLE // 2
    level *= np.float32(1 / WHOLE)
    np.floor(level, out=level)
    return level


def _grey(images: U8) -> U8:
    level = _levels(planes(images)).astype(np.uint8).reshape(images.shape[:3])
    return np.stack([level] * images.shape[3], axis=3)


def _saturated(images: U8, factors: F64) -> U8:
    apart, by = planes(images), factors.astype(np.float32)[:, None]
    level = _levels(apart)
    level *= 1 - by
    out = np.empty_like(images)
    for channel, plane in enumerate(apart):
        plane *= by
        plane += level
        np.rint(plane, out=plane)
        np.clip(plane, 0, 255, out=plane)
        out[..., channel] = plane.reshape(images.shape[:3])
    return out


def _turned(images: U8, shifts: F64) -> U8:
    red, green, blue = planes(images)
    top = np.maximum(np.maximum(red, green), blue)
    spread = top - np.minimum(np.minimum(red, green), blue)
    ahead = np.where(top == red, green - blue, np.where(top == green, blue - red, red - green))
    ahead /= np.maximum(spread, 1)
    ahead += np.where(top == red, np.float32(0), np.where(top == green, np.float32(2), np.float32(4)))
    ahead += (SECTORS * shifts).astype(np.float32)[:, None]
    out = np.empty_like(images)
    for channel, start in enumerate(FARTHEST):
        place = ahead + np.float32(start)
        place -= SECTORS * np.floor(place / SECTORS)
        near = np.minimum(place, 4 - place)
        np.clip(near, 0, 1, out=near)
        near *= spread
        np.subtract(top, near, out=near)
        out[..., channel] = np.rint(near, out=near).reshape(images.shape[:3])
    return out
