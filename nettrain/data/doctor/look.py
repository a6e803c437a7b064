"""What one picture is like: its size, pixel layout, frames, orientation, and how it looks when it is small."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import shrunk_by
from nettrain.data.clips import Frames
from nettrain.data.config import ImageConfig
from nettrain.data.doctor.layouts import layout
from nettrain.data.doctor.phash import SIDE
from nettrain.data.formats.found import Damaged
from nettrain.data.pictures import from_item
from nettrain.data.reader import Item
from nettrain.data.still import inspected

U8 = npt.NDArray[np.uint8]

FLAT = 2  # of 255: what a picture may vary by and still be called constant; JPEG's doing
_PIXELS = {1: "grey", 3: "colour", 4: "colour with alpha"}  # by channels


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture, or the frames of a clip that are taken.

    Shapes   ``small (32,32,3)`` uint8, upright, transparent pixels on the background; of a clip the first frame.
    Units    ``height`` and ``width`` in pixels as stored; ``orientation`` is EXIF's, 1 to 8; ``layout`` is in words;
             ``flat``, whether all pixels are the same, of all frames.
    """

    height: int
    width: int
    frames: int
    orientation: int
    layout: str
    small: U8
    flat: bool


def looked(item: Item, path: str, image: ImageConfig) -> Look:
    """Look at a picture, which is decoded whole, as small as can be.

    Errors   ``BadPicture``: whatever ``image`` would refuse, but for animations, which are another kind of finding.
    """
    pixels = thumbnail(item, path, replace(image, size=(SIDE, SIDE), fit="stretch"))
    flat = bool(np.ptp(pixels.reshape(-1, 3), axis=0).max() <= FLAT)
    small = pixels if pixels.ndim == 3 else pixels[0]
    if item.shape is not None:
        *time, height, width, channels = item.shape
        return Look(height, width, time[0] if time else 1, 1, _PIXELS[channels], small, flat)
    files = [data for _, data in item.data.apart()] if isinstance(item.data, Frames) else [item.data]
    kind, found = inspected(files[0], clip=image.frames is not None)
    if image.frames is None:
        try:
            shrunk_by(found, image)  # a larger size may not be so easily shrunk to
        except Damaged as problem:
            raise BadPicture(path, str(problem), problem.what) from None
    frames = max(found.frames, len(files))
    return Look(found.height, found.width, frames, found.orientation, layout(kind, found), small, flat)


def thumbnail(item: Item, path: str, image: ImageConfig) -> U8:
    """The colours of a picture at the size of ``image``, (H,W,3), or of a clip, (T,H,W,3); errors as for ``looked``."""
    taken = replace(image, channels=3, load_size=None)
    return from_item(item, taken if image.frames is not None else replace(taken, animated="first"), path)
