"""Operations in which the new level of a pixel depends on its old one alone; alpha, the fourth channel, stays.

Most are a curve: what each of 256 levels becomes in a picture, or in each channel of one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.colour import BLUE, GREEN, RED, WHOLE
from nettrain.data.augment.piecewise import COLOURS

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

LEVELS: F64 = np.arange(256.0)


def curved(images: U8, curves: U8) -> U8:
    """Each picture through its curves, a new array.

    Shapes   images (N,H,W,C); curves (N,256), or (N,B,256) for each of its B = min(C, 3) channels without alpha.
    """
    n, channels = images.shape[0], images.shape[3]
    out = np.empty_like(images)
    if curves.ndim == 2 or channels == 1:
        tables = curves.reshape(n, 256)
        for picture, table, new in zip(images, tables, out, strict=True):  # bytes.translate is quicker than take
            new[...] = np.frombuffer(picture.tobytes().translate(table.tobytes()), np.uint8).reshape(new.shape)
    else:
        for channel in range(curves.shape[1]):
            for picture, table, new in zip(images[..., channel], curves[:, channel], out[..., channel], strict=True):
                new[...] = np.frombuffer(picture.tobytes().translate(table.tobytes()), np.uint8).reshape(new.shape)
    return with_alpha(out, images)


def with_alpha(new: U8, images: U8) -> U8:
    """New pictures with the alpha of the old ones, if they have one."""
    new[..., COLOURS:] = images[..., COLOURS:]
    return new


def brightness(images: U8, factors: F64) -> U8:
    """Every level times the picture's factor: 0 is black, 1 the picture as it is."""
    return curved(images, levels(factors[:, None] * LEVELS))


def contrast(images: U8, factors: F64) -> U8:
    """Away from the picture's mean grey by the factor: 0 is grey all over, 1 the picture as it is."""
    factors = factors[:, None]
    return curved(images, levels(factors * LEVELS + (1.0 - factors) * np.floor(mean_grey(images)[:, None] + 0.5)))


def posterized(images: U8, bits: I64) -> U8:
    """Only so many bits of every level stay, the highest ones."""
    masks = (256 - (1 << (8 - bits))).astype(np.uint8)
    return with_alpha(images & masks[:, None, None, None], images)


def solarized(images: U8, thresholds: F64) -> U8:
    """Levels from the threshold on are turned round, as 255 less the level."""
    lowest = np.ceil(thresholds).astype(np.uint8)[:, None, None, None]
    turned = (images >= lowest).view(np.uint8)
    turned *= np.uint8(255)
    turned ^= images
    return with_alpha(turned, images)


def auto_contrasted(images: U8) -> U8:
    """The darkest level of each channel becomes 0, its lightest 255, the others lie between as before."""
    n, height, width, channels = images.shape
    rows = images.reshape(n, height, width * channels)  # along whole rows: fast
    low, high = (
        extreme(extreme(rows, axis=1).reshape(n, width, channels), axis=1)[:, :COLOURS, None].astype(np.float64)
        for extreme in (np.min, np.max)
    )
    scale = np.where(high > low, 255.0 / np.maximum(high - low, 1.0), 1.0)
    return curved(images, levels((LEVELS - np.where(high > low, low, 0.0)) * scale))


def equalized(images: U8) -> U8:
    """Levels are spread so that each channel has about as many pixels at every level.

    Source   the rule of Pillow's ImageOps.equalize, level for level.
    """
    counts = histograms(images)  # (N,B,256)
    last = np.take_along_axis(counts, 255 - (counts[..., ::-1] > 0).argmax(axis=-1, keepdims=True), -1)
    step = (counts.sum(axis=-1, keepdims=True) - last) // 255
    below = np.cumsum(counts, axis=-1) - counts
    curves = np.where(step > 0, np.minimum((below + step // 2) // np.maximum(step, 1), 255), LEVELS)
    return curved(images, curves.astype(np.uint8))


def levels(values: F64) -> U8:
    """The nearest levels, 0..255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def mean_grey(images: U8) -> F64:
    """The mean grey level of each picture, (N,)."""
    n, height, width, channels = images.shape
    sums = images.reshape(n, height, width * channels).sum(axis=1, dtype=np.uint32)
    means = sums.reshape(n, width, channels).sum(axis=1, dtype=np.int64) / (height * width)
    if channels == 1:
        return np.asarray(means[:, 0])
    return np.asarray((RED * means[:, 0] + GREEN * means[:, 1] + BLUE * means[:, 2]) / WHOLE)


def histograms(images: U8) -> I64:
    """How many pixels each level has, (N,B,256), of the B channels without alpha."""
    found = np.stack(
        [
            np.bincount(plane.ravel(), minlength=256)
            for picture in images[..., :COLOURS]
            for plane in picture.transpose(2, 0, 1)
        ]
    )
    return found.reshape(len(images), -1, 256)
