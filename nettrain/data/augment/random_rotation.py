"""Random rotation: every picture is turned around its middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.geometry import affine_maps
from nettrain.data.augment.sampler import transformed
from nettrain.data.augment.settings import (
    NOTHING,
    Degrees,
    Faults,
    Fill,
    FillingConfig,
    Turn,
    filling,
    range_faults,
    symmetric,
)


@dataclass(frozen=True)
class RandomRotationConfig(FillingConfig, short="degrees"):
    """``degrees: 15`` is from -15 to 15; ``fill``, 0..255 or one number a channel, is what shows in the corners.

    Units   degrees, counter-clockwise.
    """

    degrees: Turn | tuple[Degrees, Degrees]
    fill: Fill = 0

    @property
    def between(self) -> tuple[float, float]:
        return symmetric(self.degrees)

    def faults(self, given: frozenset[str]) -> Faults:
        yield from range_faults("degrees", self.between)
        if self.between == (0.0, 0.0):
            yield "degrees", f"0 {NOTHING}"


def random_rotation(images: npt.NDArray[np.uint8], config: RandomRotationConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Turn each picture by an angle out of a range; its size stays, and its corners are cut off.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    n, height, width, channels = images.shape
    maps = affine_maps((height, width), n, degrees=-draw.between(*config.between, 0))
    return transformed(images, maps, filling(config.fill, channels))
