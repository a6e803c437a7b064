"""Random horizontal flip: left and right are exchanged in some pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.settings import AugmentConfig, Chance


@dataclass(frozen=True)
class RandomHorizontalFlipConfig(AugmentConfig, short="p"):
    """Units   ``p`` is the chance that a picture is flipped."""

    p: Chance = 0.5


def random_horizontal_flip(
    images: npt.NDArray[np.uint8], config: RandomHorizontalFlipConfig, draw: Draw
) -> npt.NDArray[np.uint8]:
    """Mirror each picture with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    return mirrored(images, draw.chosen(config.p, 0))


def mirrored(images: npt.NDArray[np.uint8], chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """The pictures, those that are chosen (N) with left and right exchanged, as a new array."""
    n, height, width, channels = images.shape
    flipped = images.copy()
    places = np.arange(width * channels).reshape(width, channels)[::-1].ravel()
    rows = flipped.reshape(n, height, width * channels)  # whole rows: a third of the time of pixel by pixel
    rows[chosen] = rows[chosen].take(places, 2)
    return flipped
