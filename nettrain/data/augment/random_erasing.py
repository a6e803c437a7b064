"""Random erasing: a rectangle of some pictures is painted over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.settings import (
    NOTHING,
    AugmentConfig,
    Byte,
    Chance,
    Faults,
    Ratio,
    Share,
    Size,
    fill_faults,
    filling,
    range_faults,
)

I64 = npt.NDArray[np.int64]
ATTEMPTS = 10  # to find a rectangle that lies within the picture
NOISE = 100  # the draw of levels by chance


@dataclass(frozen=True)
class RandomErasingConfig(AugmentConfig, short="p"):
    """Units   ``p`` is the chance of a picture; ``scale`` the area of the rectangle, as a part of the picture's;
    ``ratio`` its height by its width; ``value``, 0..255 or one number a channel, is what it is painted with, or
    ``random``: every level by chance.
    """

    p: Chance = 0.5
    scale: tuple[Share, Share] = (0.02, 0.33)
    ratio: tuple[Ratio, Ratio] = (0.3, 3.3)
    value: Literal["random"] | Byte | tuple[Byte, ...] = 0

    def faults(self, given: frozenset[str]) -> Faults:
        yield from range_faults("scale", self.scale)
        yield from range_faults("ratio", self.ratio)
        if self.scale == (1.0, 1.0):
            yield "scale", f"as large as the picture, no rectangle lies within it: that {NOTHING}"

    def misfits(self, size: Size, channels: int) -> Faults:
        if min(size) == 1:
            yield "", f"in pictures of {size[0]}x{size[1]} no rectangle lies within: that {NOTHING}"
        yield from fill_faults("value", None if self.value == "random" else self.value, channels)


def random_erasing(images: npt.NDArray[np.uint8], config: RandomErasingConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Paint a rectangle of random area, shape and place over in each picture, with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Notes    where no rectangle of that area and shape fits in, ten times, the picture stays as it is.
    Source   Zhong et al., "Random Erasing Data Augmentation", 2020, algorithm 1; the bounds are torchvision's.
    """
    height, width, channels = images.shape[1:]
    out = images.copy()
    places = np.flatnonzero(draw.chosen(config.p, 0))
    here = draw.only(places)
    found = rectangles((height, width), config, here)
    noise = here.levels(height * width * channels, NOISE) if config.value == "random" else None
    for row, (place, (top, left, tall, wide)) in enumerate(zip(places.tolist(), found.tolist(), strict=True)):
        part = out[place, top : top + tall, left : left + wide]
        if noise is not None:
            part[...] = noise[row, : part.size].reshape(part.shape)
        elif config.value != "random":
            part[...] = filling(config.value, channels)
    return out


def rectangles(size: Size, config: RandomErasingConfig, draw: Draw) -> I64:
    """Of each of N pictures of (H, W) ``size``: top, left, height, width in pixels, (N,4); of height 0 if none fits."""
    height, width = size
    low, high = config.ratio
    found = np.zeros((len(draw), 4), np.int64)
    left = np.arange(len(draw))
    for attempt in range(ATTEMPTS):
        here = draw.only(left)
        area = height * width * here.between(*config.scale, 1 + 4 * attempt)
        logarithms = here.between(math.log(low), math.log(high), 2 + 4 * attempt)
        shape = np.array([math.exp(number) for number in logarithms.tolist()])
        tall = np.maximum(np.rint(np.sqrt(area * shape)), 1).astype(np.int64)
        wide = np.maximum(np.rint(np.sqrt(area / shape)), 1).astype(np.int64)
        top = (here.uniform(3 + 4 * attempt) * (height - tall + 1)).astype(np.int64)
        across = (here.uniform(4 + 4 * attempt) * (width - wide + 1)).astype(np.int64)
        fits = (tall < height) & (wide < width)
        found[left[fits]] = np.stack([top, across, tall, wide], axis=1)[fits]
        left = left[~fits]
        if not len(left):
            break
    return found
