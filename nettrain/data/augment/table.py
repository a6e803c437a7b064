"""The augmentations that a config may name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Record
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.random_crop import RandomCropConfig, random_crop
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig, random_horizontal_flip

Augmentation = Callable[[npt.NDArray[np.uint8], Any, Draw], npt.NDArray[np.uint8]]

AUGMENTATIONS: dict[str, tuple[type[Record], Augmentation]] = {
    "random_crop": (RandomCropConfig, random_crop),
    "random_horizontal_flip": (RandomHorizontalFlipConfig, random_horizontal_flip),
}
