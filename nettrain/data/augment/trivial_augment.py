"""TrivialAugment: one operation by chance on every picture, of a strength by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.operations import Span, for_channels, operated, space_of
from nettrain.data.augment.rand_augment import Bins
from nettrain.data.augment.settings import Fill, FillingConfig, filling

SHIFT = Span(0, 32, signed=True)  # pixels
SPACE = space_of(turn=135, shear=0.99, across=SHIFT, down=SHIFT, enhance=0.99, bits=Span(8, 2))


@dataclass(frozen=True)
class TrivialAugmentConfig(FillingConfig):
    """``num_magnitude_bins`` strengths are drawn from; ``fill``, 0..255 or one number a channel, shows in gaps."""

    num_magnitude_bins: Bins = 31
    fill: Fill = 0


def trivial_augment(images: npt.NDArray[np.uint8], config: TrivialAugmentConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Do one operation to each picture, drawn with equal chances, of a strength drawn from a wide range.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Notes    of one channel, ``color`` is not among them.
    Source   Müller, Hutter, "TrivialAugment", 2021, section 3; operations and ranges are torchvision's wide ones.
    """
    channels = images.shape[3]
    space = for_channels(SPACE, channels)
    of = config.num_magnitude_bins
    kinds, bins, signs = draw.integers(len(space), 0), draw.integers(of, 1), draw.signs(2)
    return operated(images, space, kinds, bins, signs, of, filling(config.fill, channels))
