"""Operations in which the neighbours of a pixel count: blur and sharpness; alpha, the fourth channel, stays."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.piecewise import piecewise

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

SMOOTH = 13  # the sum of a 3x3 window with 5 in the middle and 1 around it


def kernels(size: int, sigmas: F64) -> F64:
    """The weights of a Gaussian bell at whole pixels, a kernel a picture: (N,size), each with the sum 1."""
    rows = [[math.exp(-0.5 * ((at - size // 2) / sigma) ** 2) for at in range(size)] for sigma in sigmas.tolist()]
    found = np.array(rows, np.float64).reshape(-1, size)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def blurred(images: U8, weights: F64) -> U8:
    """Each picture by its kernel (N,k), symmetric, across and down, in a new array; over the edges it is mirrored."""
    return piecewise(images, weights, _blurred)


def sharpened(images: U8, factors: F64) -> U8:
    """Away from the smoothed picture by its factor: 0 is smoothed, 1 the picture as it is; the outermost pixels stay.

    Source   Pillow's ImageFilter.SMOOTH (1 around 5, of 13) and ImageEnhance.Sharpness.
    """
    return piecewise(images, factors, _sharpened)


def _blurred(images: U8, weights: F64) -> U8:
    n, height, width, channels = images.shape
    by = weights.shape[1] // 2
    wide = np.empty((n, height + 2 * by, width + 2 * by, channels), np.float32)
    wide[:, by : by + height, by : by + width] = images
    mirror(wide[:, by : by + height].transpose(2, 0, 1, 3), by)
    mirror(wide.transpose(1, 0, 2, 3), by)
    row = width * channels
    across = _sums(wide.reshape(n, height + 2 * by, -1), weights, channels, row)
    down = _sums(across.reshape(n, 1, -1), weights, row, height * row)
    return np.rint(down, out=down).astype(np.uint8).reshape(images.shape)


def mirror(lines: F32, by: int) -> None:
    """Fill the first and last ``by`` lines, of the first axis, with what lies as far within on the other side."""
    lines[:by] = lines[2 * by : by : -1]
    lines[len(lines) - by :] = lines[len(lines) - by - 2 : len(lines) - 2 * by - 2 : -1]


def _sums(lines: F32, weights: F64, step: int, length: int) -> F32:
    """Weighted sums of neighbours that lie ``step`` numbers apart in the last axis, which has ``length`` of them then.

    Shapes   lines (N,L,length + (k - 1) step), weights (N,k), symmetric -> (N,L,length).
    """
    by = weights.shape[1] // 2
    bells = weights.astype(np.float32)[:, :, None, None]
    total: F32 = lines[..., by * step : by * step + length] * bells[:, by]
    pair = np.empty_like(total)
    for at in range(1, by + 1):
        before, after = (by - at) * step, (by + at) * step
        np.add(lines[..., before : before + length], lines[..., after : after + length], out=pair)
        pair *= bells[:, by + at]
        total += pair
    return total


def _sharpened(images: U8, factors: F64) -> U8:
    n, height, width, channels = images.shape
    out = images.copy()
    if min(height, width) < 3:
        return out
    rows = images.reshape(n, height, width * channels).astype(np.uint16)
    columns = rows[:, :-2] + rows[:, 1:-1]
    columns += rows[:, 2:]
    window = columns[..., : -2 * channels] + columns[..., channels:-channels]
    window += columns[..., 2 * channels :]
    middle = rows[:, 1:-1, channels:-channels]
    window += 4 * middle
    window += SMOOTH // 2  # to the nearest level, which is never a half
    window //= SMOOTH
    smooth = window.astype(np.float32)
    away = middle - smooth
    away *= factors.astype(np.float32)[:, None, None]
    away += smooth
    np.clip(np.rint(away, out=away), 0, 255, out=away)
    out.reshape(n, height, width * channels)[:, 1:-1, channels:-channels] = away
    return out
