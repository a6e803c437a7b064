"""From pixels to numbers around zero: one scale and one shift a channel, stored in the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.data.cache import Pictures
from nettrain.data.config import MeanStd

CHUNK_BYTES = 1 << 22  # of pixels that are summed at a time


@dataclass(frozen=True, slots=True)
class Normalization:
    """Mean and standard deviation a channel, of pixels scaled to 0..1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(pixel / 255 - mean) / std, as one float32 scale and shift.

        Shapes   (N,...,W,C) -> (N,...,W,C) float32. Every number depends on its own pixel alone.
        """
        width, channels = pixels.shape[-2:]
        scale = np.array([1.0 / (255.0 * std) for std in self.std], np.float32)
        shift = np.array([-mean / std for mean, std in zip(self.mean, self.std, strict=True)], np.float32)
        rows = pixels.reshape(-1, width * channels)  # long rows: the loop over C alone would be slow
        out = np.multiply(rows, np.tile(scale, width), dtype=np.float32)
        out += np.tile(shift, width)
        return out.reshape(pixels.shape)


# torchvision's published numbers: https://pytorch.org/vision/stable/models.html, "Using the pre-trained models"
IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def resolve(wanted: Literal["dataset", "imagenet", "none"] | MeanStd, train: Pictures) -> Normalization:
    """The numbers that ``data.normalize`` asks for; ``none`` still scales pixels to 0..1."""
    if isinstance(wanted, MeanStd):
        return Normalization(wanted.mean, wanted.std)
    if wanted == "imagenet":
        return IMAGENET
    if wanted == "dataset":
        return measure(train)
    channels = train.image.channels
    return Normalization((0.0,) * channels, (1.0,) * channels)


def measure(pictures: Pictures) -> Normalization:
    """Mean and population standard deviation a channel over all pixels, from exact sums of whole numbers.

    Notes    a channel that never varies gets a std of 1, so that it becomes 0 everywhere. Order and division of the
             pictures do not matter; memory is that of a few pictures.
    """
    channels = pictures.shape[-1]
    counts = np.zeros((channels, 256), np.int64)
    step = max(1, CHUNK_BYTES // math.prod(pictures.shape))
    for start in range(0, len(pictures), step):
        pixels = pictures.take(np.arange(start, min(start + step, len(pictures))))
        for channel in range(channels):
            counts[channel] += np.bincount(pixels[..., channel].ravel(), minlength=256)
    moments = [_moments([int(count) for count in row]) for row in counts]
    return Normalization(tuple(mean for mean, _ in moments), tuple(std for _, std in moments))


def _moments(histogram: list[int]) -> tuple[float, float]:
    n = sum(histogram)
    total = sum(value * count for value, count in enumerate(histogram))
    squares = sum(value * value * count for value, count in enumerate(histogram))
    spread = n * squares - total * total  # n**2 times the variance, exact
    return total / (255 * n), math.sqrt(spread / (n * n)) / 255 if spread else 1.0
