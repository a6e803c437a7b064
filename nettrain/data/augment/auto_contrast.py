"""Auto contrast: some pictures use all levels from black to white."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.curves import auto_contrasted
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.partly import partly
from nettrain.data.augment.settings import AugmentConfig, Chance


@dataclass(frozen=True)
class AutoContrastConfig(AugmentConfig, short="p"):
    """Units   ``p`` is the chance of a picture."""

    p: Chance = 0.5


def auto_contrast(images: npt.NDArray[np.uint8], config: AutoContrastConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Stretch the levels of each channel, so that its darkest is 0 and its lightest 255, with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    return partly(images, draw.chosen(config.p, 0), auto_contrasted)
