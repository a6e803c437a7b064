"""Sharpness: some pictures become sharper, or softer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Limit
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.filters import sharpened
from nettrain.data.augment.partly import partly
from nettrain.data.augment.settings import NOTHING, AugmentConfig, Chance, Faults, Size

SMALLEST = 3  # pixels a side, so that there is one with neighbours all around


@dataclass(frozen=True)
class SharpnessConfig(AugmentConfig, short="sharpness_factor"):
    """``sharpness_factor`` 0 is softened, 1 the picture as it is, 2 sharper; ``p`` is the chance of a picture."""

    sharpness_factor: Annotated[float, Limit(0, 100)]
    p: Chance = 0.5

    def faults(self, given: frozenset[str]) -> Faults:
        if self.sharpness_factor == 1:
            yield "sharpness_factor", f"1 {NOTHING}"

    def misfits(self, size: Size, channels: int) -> Faults:
        if min(size) < SMALLEST:
            yield (
                "",
                f"{NOTHING.partition(';')[0]} in pictures of {size[0]}x{size[1]}, which have edges only; leave it out",
            )


def sharpness(images: npt.NDArray[np.uint8], config: SharpnessConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Make each picture sharper or softer than it is, with chance p; its outermost pixels stay.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    factor = config.sharpness_factor
    return partly(images, draw.chosen(config.p, 0), lambda taken: sharpened(taken, np.full(len(taken), factor)))
