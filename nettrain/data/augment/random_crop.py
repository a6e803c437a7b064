"""Random crop: every picture is moved by up to ``padding`` pixels each way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Count
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.settings import AugmentConfig, Faults, Size


@dataclass(frozen=True)
class RandomCropConfig(AugmentConfig, short="padding"):
    """Units   ``padding`` in pixels on each side."""

    padding: Count

    def misfits(self, size: Size, channels: int) -> Faults:
        if self.padding >= min(size):
            yield "padding", f"must be smaller than the picture's shorter side, {min(size)}, got {self.padding}"


def random_crop(images: npt.NDArray[np.uint8], config: RandomCropConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Pad every side with zeros (black), then cut the old size out at a random place.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Source   He et al., "Deep Residual Learning for Image Recognition", 2016, section 4.2; zeros as in torchvision's
             RandomCrop.
    """
    n, height, width, channels = images.shape
    pad = config.padding
    top, left = draw.integers(2 * pad + 1, 0), draw.integers(2 * pad + 1, 1)
    padded = np.zeros((n, height + 2 * pad, width + 2 * pad, channels), np.uint8)
    padded[:, pad : pad + height, pad : pad + width] = images
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), (1, 2))  # (N,2p+1,2p+1,C,H,W)
    return np.ascontiguousarray(windows[np.arange(n), top, left].transpose(0, 2, 3, 1))
