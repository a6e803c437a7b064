"""Random grayscale: some pictures lose their colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.colour import grey
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.partly import partly
from nettrain.data.augment.settings import COLOURLESS, AugmentConfig, Chance, Faults, Size


@dataclass(frozen=True)
class RandomGrayscaleConfig(AugmentConfig, short="p"):
    """Units   ``p`` is the chance that a picture loses its colours."""

    p: Chance = 0.1

    def misfits(self, size: Size, channels: int) -> Faults:
        if channels == 1:
            yield "", COLOURLESS


def random_grayscale(images: npt.NDArray[np.uint8], config: RandomGrayscaleConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Make each picture grey, with chance p; it keeps its channels.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Units    grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in each of the three.
    """
    return partly(images, draw.chosen(config.p, 0), grey)
