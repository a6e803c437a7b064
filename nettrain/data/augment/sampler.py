"""The one sampler of operations that move pixels: bilinear, each channel by itself, alpha like a colour.

Turned, sheared and distorted pictures are read at one point for each new pixel, between its four neighbours, without
antialias, as torchvision does it; a part that is cut out and made smaller goes through a triangle filter as wide as
the scale, as pictures do when they are decoded, but that colours are not weighted by alpha here.

Notes    Pillow's own loops, which take a half to a quarter of what the same takes in NumPy, whatever the size. What is
         read between neighbours is cut off to a whole level (124.95 is 124), what goes through the filter is rounded.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

MODES = {1: "L", 3: "RGB", 4: "CMYK"}  # four channels of which none is alpha to Pillow: it would weight by it
AFFINE = 6  # numbers of an affine map; a perspective one has eight


def transformed(images: U8, maps: F64, fill: tuple[int, ...]) -> U8:
    """Each picture through its map, in a new array; ``fill``, a level a channel, is what lies outside.

    Shapes   images (N,H,W,C); maps (N,6) or (N,8): a new point (x, y), in pixels from the upper left corner, shows
             the old one at ((a x + b y + c) / q, (d x + e y + f) / q) with q = g x + h y + 1, or 1 without g and h.
    """
    method = Image.Transform.AFFINE if maps.shape[1] == AFFINE else Image.Transform.PERSPECTIVE
    filling = fill if len(fill) > 1 else fill[0]

    def change(place: int, picture: Image.Image) -> Image.Image:
        numbers = maps[place].tolist()
        return picture.transform(picture.size, method, numbers, Image.Resampling.BILINEAR, fillcolor=filling)

    return each(images, change, images.shape[1:3])


def cropped(images: U8, boxes: F64, size: tuple[int, int]) -> U8:
    """A part of each picture at (H, W) ``size``, in a new array.

    Shapes   boxes (N,4): left, upper, right and lower edge, in pixels, not necessarily whole.
    """
    height, width = size

    def change(place: int, picture: Image.Image) -> Image.Image:
        left, top, right, bottom = boxes[place].tolist()
        return picture.resize((width, height), Image.Resampling.BILINEAR, box=(left, top, right, bottom))

    return each(images, change, size)


def resized(images: U8, size: tuple[int, int]) -> U8:
    """The whole of each picture at (H, W) ``size``."""
    n, height, width, _ = images.shape
    return cropped(images, np.tile(np.array([0.0, 0.0, width, height]), (n, 1)), size)


def each(images: U8, change: Callable[[int, Image.Image], Image.Image], size: tuple[int, int]) -> U8:
    """``change(place, picture)`` of each picture, which has (H, W) ``size`` afterwards."""
    n, height, width, channels = images.shape
    out = np.empty((n, *size, channels), np.uint8)
    mode = MODES[channels]
    for place, pixels in enumerate(np.ascontiguousarray(images)):
        picture = Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)
        new = change(place, picture).tobytes()
        out[place] = np.frombuffer(new, np.uint8).reshape(*size, channels)
    return out
