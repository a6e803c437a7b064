"""Random perspective: some pictures are shown as if seen from aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.geometry import are_convex, perspective_maps
from nettrain.data.augment.partly import partly
from nettrain.data.augment.sampler import transformed
from nettrain.data.augment.settings import Chance, Fill, FillingConfig, Share, filling

F64 = npt.NDArray[np.float64]
ATTEMPTS = 10  # to find corners that make a picture, where a distortion may be so strong that they do not
INWARD = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])  # from each corner: upper left, and on clockwise


@dataclass(frozen=True)
class RandomPerspectiveConfig(FillingConfig, short="distortion_scale"):
    """``p`` is the chance of a picture; ``fill``, 0..255 or one number a channel, is what shows outside.

    Units   ``distortion_scale`` is how far a corner may move to the middle, each way, as a part of half the side.
    """

    distortion_scale: Share = 0.5
    p: Chance = 0.5
    fill: Fill = 0


def random_perspective(
    images: npt.NDArray[np.uint8], config: RandomPerspectiveConfig, draw: Draw
) -> npt.NDArray[np.uint8]:
    """Move the corners of each picture to the middle by chance, and all between with them, with chance p.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Notes    up to a distortion of two thirds the four corners are independent of each other; beyond, those that would
             fold the picture are drawn again.
    """
    height, width, channels = images.shape[1:]
    chosen = draw.chosen(config.p, 0)
    maps = perspective_maps((height, width), new_corners((height, width), config, draw.only(chosen)))
    return partly(images, chosen, lambda taken: transformed(taken, maps, filling(config.fill, channels)))


def new_corners(size: tuple[int, int], config: RandomPerspectiveConfig, draw: Draw) -> F64:
    """Where the corners of N pictures of (H, W) ``size`` come to lie, (N,4,2), in pixels."""
    height, width = size
    old = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    half = np.array([width, height]) / 2 * config.distortion_scale
    new = np.tile(old, (len(draw), 1, 1))
    left = np.ones(len(draw), np.bool_)
    for attempt in range(ATTEMPTS):
        parts = np.stack([draw.uniform(1 + 8 * attempt + place) for place in range(8)], axis=1).reshape(-1, 4, 2)
        tried = old + INWARD * half * parts
        new = np.where(left[:, None, None] & are_convex(tried)[:, None, None], tried, new)
        left &= ~are_convex(tried)
        if not left.any():
            break
    return new
