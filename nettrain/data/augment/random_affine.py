"""Random affine: every picture is turned, shifted, scaled and sheared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Limit
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

F64 = npt.NDArray[np.float64]
Part = Annotated[float, Limit(0, 1)]
Scale = Annotated[float, Limit(0.01, 100)]
Shear = Annotated[float, Limit(-89, 89)]
Sheared = Annotated[float, Limit(0, 89)]


@dataclass(frozen=True)
class RandomAffineConfig(FillingConfig, short="degrees"):
    """``degrees: 15`` is from -15 to 15, ``translate`` the largest shift across and down, as parts of width and height.

    ``scale: [0.8, 1.2]`` makes smaller and larger; ``shear: 10`` slants rows by -10 to 10, ``[a, b]`` by a to b, and
    ``[a, b, c, d]`` columns too, by c to d; ``fill``, 0..255 or one number a channel, is what shows outside.

    Units   degrees, clockwise; shears are angles.
    """

    degrees: Turn | tuple[Degrees, Degrees]
    translate: tuple[Part, Part] = (0.0, 0.0)
    scale: tuple[Scale, Scale] = (1.0, 1.0)
    shear: Sheared | tuple[Shear, Shear] | tuple[Shear, Shear, Shear, Shear] = 0.0
    fill: Fill = 0

    @property
    def between(self) -> tuple[float, float]:
        return symmetric(self.degrees)

    @property
    def shears(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ranges of rows and of columns."""
        match self.shear:
            case (a, b, c, d):
                return (a, b), (c, d)
            case (a, b):
                return (a, b), (0.0, 0.0)
            case number:
                return (-number, number), (0.0, 0.0)

    def faults(self, given: frozenset[str]) -> Faults:
        still = (0.0, 0.0)
        yield from range_faults("degrees", self.between)
        yield from range_faults("scale", self.scale)
        for between in self.shears:
            yield from range_faults("shear", between)
        inside = self.between == self.translate == still and self.shears == (still, still)
        if inside and self.scale == (1.0, 1.0):
            yield "degrees", f"0 alone {NOTHING}, or set translate, scale or shear"
        elif inside and self.scale[0] >= 1 and self.fill != 0:
            yield "fill", "has no effect: nothing outside the picture ever shows; leave it out"


def random_affine(images: npt.NDArray[np.uint8], config: RandomAffineConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Shear and scale each picture, turn it around its middle, and shift it by whole pixels.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    n, height, width, channels = images.shape
    across, down = config.translate[0] * width, config.translate[1] * height
    rows, columns = config.shears
    maps = affine_maps(
        (height, width),
        n,
        degrees=draw.between(*config.between, 0),
        shift_x=np.rint(draw.between(-across, across, 1)),
        shift_y=np.rint(draw.between(-down, down, 2)),
        scale=draw.between(*config.scale, 3),
        shear_x=_tangents(draw.between(*rows, 4)),
        shear_y=_tangents(draw.between(*columns, 5)),
    )
    return transformed(images, maps, filling(config.fill, channels))


def _tangents(degrees: F64) -> F64:
    return np.array([math.tan(math.radians(angle)) for angle in degrees.tolist()])
