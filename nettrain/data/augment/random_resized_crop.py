"""Random resized crop: a part of every picture, of random size and shape, becomes the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.sampler import cropped
from nettrain.data.augment.settings import NOTHING, AugmentConfig, Faults, Ratio, Share, Size, range_faults

F64 = npt.NDArray[np.float64]
ATTEMPTS = 10  # to find a part that lies within the picture


@dataclass(frozen=True)
class RandomResizedCropConfig(AugmentConfig, short="scale"):
    """Units   ``scale`` is the area of the part, as a part of the picture's; ``ratio`` its width by its height.

    Pictures are kept larger than ``data.image.size`` for it: at ``data.image.load_size``, 256/224 of that if not given.
    """

    scale: tuple[Share, Share] = (0.08, 1.0)
    ratio: tuple[Ratio, Ratio] = (3 / 4, 4 / 3)

    def faults(self, given: frozenset[str]) -> Faults:
        yield from range_faults("scale", self.scale)
        yield from range_faults("ratio", self.ratio)

    def misfits(self, size: Size, channels: int) -> Faults:
        low, high = self.ratio
        if self.scale == (1.0, 1.0) and low <= size[1] / size[0] <= high:
            yield "scale", f"the whole of every picture, kept at {size[0]}x{size[1]}: that {NOTHING}"


def random_resized_crop(
    images: npt.NDArray[np.uint8], config: RandomResizedCropConfig, draw: Draw
) -> npt.NDArray[np.uint8]:
    """Cut a part of random area and shape out at a random place, and bring it to the size of the pictures.

    Shapes   (N,H,W,C) -> (N,P,Q,C), a new array; (P, Q) is ``draw.size``.
    Notes    the part does not lie on whole pixels. Where no part of that shape and area fits in, ten times, it is the
             largest in the middle whose shape is within the range.
    Source   Szegedy et al., "Going Deeper with Convolutions", 2015, section 6; the bounds are torchvision's.
    """
    height, width = images.shape[1:3]
    return cropped(images, boxes((height, width), config, draw), draw.size or (height, width))


def boxes(size: Size, config: RandomResizedCropConfig, draw: Draw) -> F64:
    """The part of each picture of (H, W) ``size``: left, upper, right and lower edge, (N,4)."""
    height, width = size
    low, high = config.ratio
    middle = min(max(width / height, low), high)
    across, down = min(width, height * middle), min(height, width / middle)
    found = np.tile(np.array([width - across, height - down, width + across, height + down]) / 2, (len(draw), 1))
    left = np.arange(len(draw))
    for attempt in range(ATTEMPTS):
        here = draw.only(left)
        area = height * width * here.between(*config.scale, 4 * attempt)
        logarithms = here.between(math.log(low), math.log(high), 4 * attempt + 1)
        shape = np.array([math.exp(number) for number in logarithms.tolist()])
        across_, down_ = np.sqrt(area * shape), np.sqrt(area / shape)
        fits = (across_ <= width) & (down_ <= height)
        x = here.uniform(4 * attempt + 2) * (width - across_)
        y = here.uniform(4 * attempt + 3) * (height - down_)
        tried = np.stack([x, y, np.minimum(x + across_, width), np.minimum(y + down_, height)], axis=1)
        found[left[fits]] = tried[fits]
        left = left[~fits]
        if not len(left):
            break
    return found
