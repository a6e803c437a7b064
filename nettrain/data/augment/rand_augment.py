"""RandAugment: a few operations by chance on every picture, all of one strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Limit
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.operations import Span, for_channels, operated, space_of
from nettrain.data.augment.settings import Faults, Fill, FillingConfig, filling

SHIFT = 150 / 331  # of a side: 150 pixels of the 331 that the pictures had in the papers before
SPACE = space_of(
    turn=30,
    shear=0.3,
    across=Span(0, SHIFT, signed=True, of="width"),
    down=Span(0, SHIFT, signed=True, of="height"),
    enhance=0.9,
    bits=Span(8, 4),
)
Bins = Annotated[int, Limit(2, 1000)]


@dataclass(frozen=True)
class RandAugmentConfig(FillingConfig):
    """``num_ops`` operations on every picture, each of strength ``magnitude``, of ``num_magnitude_bins`` from 0 on.

    ``fill``, 0..255 or one number a channel, is what shows where a picture was moved away.
    """

    num_ops: Annotated[int, Limit(1, 14)] = 2
    magnitude: Annotated[int, Limit(0, 999)] = 9
    num_magnitude_bins: Bins = 31
    fill: Fill = 0

    def faults(self, given: frozenset[str]) -> Faults:
        if self.magnitude >= self.num_magnitude_bins:
            most = self.num_magnitude_bins - 1
            yield "magnitude", f"must be at most {most}, one less than num_magnitude_bins, got {self.magnitude}"


def rand_augment(images: npt.NDArray[np.uint8], config: RandAugmentConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Do ``num_ops`` operations to each picture, drawn with equal chances, forwards or back by chance.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Notes    of one channel, ``color`` is not among them.
    Source   Cubuk et al., "RandAugment", 2020, section 3; operations and their ranges are torchvision's.
    """
    channels = images.shape[3]
    space = for_channels(SPACE, channels)
    bins, fill = np.full(len(draw), config.magnitude), filling(config.fill, channels)
    for turn in range(config.num_ops):
        kinds, signs = draw.integers(len(space), 2 * turn), draw.signs(2 * turn + 1)
        images = operated(images, space, kinds, bins, signs, config.num_magnitude_bins, fill)
    return images
