"""Color jitter: brightness, contrast, saturation and hue of every picture change, in an order by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Limit
from nettrain.data.augment.colour import hue, saturation
from nettrain.data.augment.curves import brightness, contrast
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.settings import COLOURLESS, AugmentConfig, Faults, Size, range_faults, symmetric

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]
Much = Annotated[float, Limit(0, 10)]
Shift = Annotated[float, Limit(-0.5, 0.5)]
Way = Annotated[float, Limit(0, 0.5)]


@dataclass(frozen=True)
class ColorJitterConfig(AugmentConfig):
    """``brightness: 0.4`` is a factor from 0.6 to 1.4, never below 0; ``[0.5, 2]`` is the range itself.

    ``hue: 0.1`` is from a tenth of the circle of hues back to a tenth on; ``[-0.2, 0.1]`` is the range itself.
    """

    brightness: Much | tuple[Much, Much] = 0.0
    contrast: Much | tuple[Much, Much] = 0.0
    saturation: Much | tuple[Much, Much] = 0.0
    hue: Way | tuple[Shift, Shift] = 0.0

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """What is changed at all, and between what."""
        found = {name: _factors(getattr(self, name)) for name in ("brightness", "contrast", "saturation")}
        found["hue"] = symmetric(self.hue)
        return {name: between for name, between in found.items() if between != STILL[name]}

    def faults(self, given: frozenset[str]) -> Faults:
        for name, between in self.ranges.items():
            yield from range_faults(name, between)
        if not self.ranges:
            yield "", "changes nothing; set brightness, contrast, saturation or hue"

    def misfits(self, size: Size, channels: int) -> Faults:
        for name in ("saturation", "hue"):
            if channels == 1 and name in self.ranges:
                yield name, COLOURLESS


STILL = {"brightness": (1.0, 1.0), "contrast": (1.0, 1.0), "saturation": (1.0, 1.0), "hue": (0.0, 0.0)}
CHANGES: dict[str, Callable[[U8, F64], U8]] = {
    "brightness": brightness,
    "contrast": contrast,
    "saturation": saturation,
    "hue": hue,
}


def color_jitter(images: U8, config: ColorJitterConfig, draw: Draw) -> U8:
    """Change brightness, contrast, saturation and hue of each picture, in an order by chance.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    """
    names = list(config.ranges)
    factors = [draw.between(*config.ranges[name], place) for place, name in enumerate(names)]
    order = np.argsort(np.stack([draw.uniform(len(STILL) + place) for place in range(len(names))], axis=1), axis=1)
    out = images.copy()
    for turn in range(len(names)):
        for place, name in enumerate(names):
            now = order[:, turn] == place
            if now.any():
                out[now] = CHANGES[name](out[now], factors[place][now])
    return out


def _factors(setting: float | tuple[float, float]) -> tuple[float, float]:
    return setting if isinstance(setting, tuple) else (max(0.0, 1.0 - setting), 1.0 + setting)
