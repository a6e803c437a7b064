"""Equalize: some pictures have about as many pixels at every level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.curves import equalized
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.partly import partly
from nettrain.data.augment.settings import AugmentConfig, Chance, Faults, Size

LEVELS = 255  # above black: of a picture with fewer pixels none is moved


@dataclass(frozen=True)
class EqualizeConfig(AugmentConfig, short="p"):
    """Units   ``p`` is the chance of a picture."""

    p: Chance = 0.5

    def misfits(self, size: Size, channels: int) -> Faults:
        if size[0] * size[1] <= LEVELS:
            what = f"changes nothing in pictures of {size[0]}x{size[1]}, which have fewer pixels than levels to spread"
            yield "", f"{what}; leave it out"


def equalize(images: npt.NDArray[np.uint8], config: EqualizeConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Spread the levels of each channel, so that every one has about as many pixels, with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    return partly(images, draw.chosen(config.p, 0), equalized)
