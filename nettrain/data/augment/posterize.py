"""Posterize: some pictures have few levels only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Limit
from nettrain.data.augment.curves import posterized
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.partly import partly
from nettrain.data.augment.settings import AugmentConfig, Chance


@dataclass(frozen=True)
class PosterizeConfig(AugmentConfig, short="bits"):
    """Units   ``bits`` is how many of the 8 of a level stay: 3 leave 8 levels. ``p`` is the chance of a picture."""

    bits: Annotated[int, Limit(1, 7)]
    p: Chance = 0.5


def posterize(images: npt.NDArray[np.uint8], config: PosterizeConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Keep the highest bits of every level, the others become 0, with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    return partly(images, draw.chosen(config.p, 0), lambda taken: posterized(taken, np.full(len(taken), config.bits)))
