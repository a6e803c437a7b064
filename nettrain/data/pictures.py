"""From a picture file, or a clip, to pixels: one path for fit, evaluate and predict; nothing else decodes."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import most_bytes
from nettrain.data.clip_frames import Made, frames_of
from nettrain.data.clips import read_frames, sampled
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged
from nettrain.data.modes import to_bytes
from nettrain.data.reader import Item
from nettrain.data.reading import read
from nettrain.data.resize import fitted
from nettrain.data.still import decoding, refuse_animation, still
from nettrain.data.tree import DISK
from nettrain.errors import EnvironmentFault

U8 = npt.NDArray[np.uint8]
MEMORY = "a picture in memory"


def load(path: str | os.PathLike[str], image: ImageConfig) -> U8:
    """The pixels of one picture file or clip, 0..255.

    Shapes   ``image.shape``, (H,W,C) or (T,H,W,C), C-contiguous.
    Errors   BadPicture names the file and why it cannot be used; EnvironmentFault if the machine is in the way.
    """
    return decode(load_bytes(path, image), image, path)


def load_bytes(path: str | os.PathLike[str], image: ImageConfig) -> bytes:
    """The bytes of a picture file, or those of a folder's frames, for ``decode``; errors as for ``load``."""
    if image.frames is not None and os.path.isdir(path):
        return read_frames(DISK, os.fspath(path), image.frames, most_bytes(image))
    return read(os.fspath(path), most_bytes(image))


def decode(data: bytes, image: ImageConfig, path: str | os.PathLike[str]) -> U8:
    """The pixels of the bytes of a picture or clip; ``path`` is for messages. Shapes and errors as for ``load``."""
    try:
        if image.frames is None:
            return _pixels(still(data, image), image)
        return _taken(*frames_of(data, image, image.frames), image, image.frames)
    except Damaged as problem:
        raise BadPicture(os.fspath(path), str(problem), problem.what) from None
    except MemoryError:
        raise EnvironmentFault("not enough memory to decode the picture", os.fspath(path)) from None


def from_image(picture: Image.Image, image: ImageConfig) -> U8:
    """The pixels of a picture of Pillow's, upright, as those of its file would be; it is left on the frame it was on.

    Shapes   as for ``load``.
    Notes    a file differs where a JPEG is decoded smaller at once, or a PNG has a transparent colour of 16 bits, which
             Pillow drops.
    Errors   BadPicture, which says nothing of settings that would take it; EnvironmentFault.
    """
    on = picture.tell()
    kind = picture.format or "picture's"
    try:
        with decoding(kind):
            total = getattr(picture, "n_frames", 1)
        if image.frames is None:
            refuse_animation(total, image)

        def frame(number: int) -> Image.Image:
            with decoding(kind):
                picture.seek(number)
                return ImageOps.exif_transpose(picture)

        return _in_memory(total, frame, image, MEMORY)
    except (Damaged, BadPicture) as problem:
        raise BadPicture(MEMORY, problem.what) from None
    finally:
        if picture.tell() != on:
            picture.seek(on)


def from_frames(frames: Sequence[Image.Image], image: ImageConfig) -> U8:
    """The pixels of a clip whose frames are decoded already, or of one picture. Shapes and errors: ``from_image``."""
    return _in_memory(len(frames), frames.__getitem__, image, MEMORY)


def _in_memory(total: int, frame: Made, image: ImageConfig, path: str) -> U8:
    try:
        if image.frames is None:
            return _pixels(to_bytes(frame(0), None, image), image)
        return _taken(total, lambda number: to_bytes(frame(number), None, image), image, image.frames)
    except Damaged as problem:
        raise BadPicture(path, str(problem), problem.what) from None
    except MemoryError:
        raise EnvironmentFault("not enough memory for the picture", path) from None


def from_item(item: Item, image: ImageConfig, path: str) -> U8:
    """The pixels of an item of a source; ``path`` is for messages. Shapes and errors as for ``load``."""
    if item.shape is None:
        return decode(item.data, image, path)
    height, width, channels = item.shape[-3:]
    shape = (-1, height, width) if channels == 1 else (-1, height, width, channels)
    frames = np.frombuffer(item.data, np.uint8).reshape(shape)
    return _in_memory(len(frames), lambda number: Image.fromarray(frames[number]), image, path)


def _taken(total: int, made: Made, image: ImageConfig, frames: int) -> U8:
    """The frames (T,H,W,C) that stand for a clip; one that stands for several is made once."""
    if total == 1 and image.stills == "error":
        cure = "set data.image.stills: repeat to take such a one for every frame"
        raise Damaged("a single picture, where a clip is wanted", cure)
    pixels, wanted = np.empty(image.shape, np.uint8), sampled(total, frames)
    for place, number in enumerate(wanted):
        again = place > 0 and number == wanted[place - 1]
        pixels[place] = pixels[place - 1] if again else _pixels(made(number), image)
    return pixels


def _pixels(picture: Image.Image, image: ImageConfig) -> U8:
    """The picture as the config wants it, (H,W,C)."""
    pixels = np.frombuffer(bytearray(fitted(picture, image).tobytes()), np.uint8)
    return pixels.reshape(*image.size, image.channels)
