"""Random vertical flip: top and bottom are exchanged in some pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.settings import AugmentConfig, Chance


@dataclass(frozen=True)
class RandomVerticalFlipConfig(AugmentConfig, short="p"):
    """Units   ``p`` is the chance that a picture is flipped."""

    p: Chance = 0.5


def random_vertical_flip(
    images: npt.NDArray[np.uint8], config: RandomVerticalFlipConfig, draw: Draw
) -> npt.NDArray[np.uint8]:
    """Turn each picture upside down, as in a mirror, with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    out = images.copy()
    chosen = draw.chosen(config.p, 0)
    out[chosen] = images[chosen, ::-1]
    return out
