"""Solarize: the light pixels of some pictures become dark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.curves import solarized
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.partly import partly
from nettrain.data.augment.settings import AugmentConfig, Byte, Chance


@dataclass(frozen=True)
class SolarizeConfig(AugmentConfig, short="threshold"):
    """Units   ``threshold`` is the level, 0..255, from which on they are inverted. ``p`` is the chance of a picture."""

    threshold: Byte
    p: Chance = 0.5


def solarize(images: npt.NDArray[np.uint8], config: SolarizeConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Invert every level from the threshold on, as 255 less the level, with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    threshold = float(config.threshold)
    return partly(images, draw.chosen(config.p, 0), lambda taken: solarized(taken, np.full(len(taken), threshold)))
