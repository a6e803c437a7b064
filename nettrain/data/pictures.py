"""From a picture file to pixels: the one path that fit, evaluate and predict share, and the only place that decodes."""

from __future__ import annotations

import io
import os
import struct

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

from nettrain.data.bad_picture import BadPicture
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged, Found
from nettrain.data.formats.table import Format, describe, recognise
from nettrain.data.modes import to_bytes
from nettrain.data.reader import Item
from nettrain.data.reading import read
from nettrain.data.resize import fitted, shrink
from nettrain.errors import EnvironmentFault, escape

MEGA = 1_000_000
CAP_MEGAPIXELS = 25  # decoded whole, at most 8 bytes a pixel
CAP_SHRUNK_MEGAPIXELS = 64  # a JPEG that its decoder shrinks, so at most a quarter of this is held
BYTES_A_PIXEL = 8  # of 16-bit RGBA, the widest that a file can hold
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load(path: str | os.PathLike[str], image: ImageConfig) -> npt.NDArray[np.uint8]:
    """The pixels of one picture file, 0..255.

    Shapes   (H,W,C), C-contiguous, as ``image`` says.
    Errors   BadPicture names the file and why it cannot be used; EnvironmentFault if the machine is in the way.
    """
    return decode(load_bytes(path, image), image, path)


def load_bytes(path: str | os.PathLike[str], image: ImageConfig) -> bytes:
    """The bytes of a picture file, for ``decode``; errors as for ``load``."""
    return read(os.fspath(path), most_bytes(image))


def most_bytes(image: ImageConfig) -> int:
    """Bytes that a picture file within the pixel cap has at most."""
    cap = image.max_megapixels or CAP_SHRUNK_MEGAPIXELS
    return int(cap * MEGA) * BYTES_A_PIXEL + MEGA


def decode(data: bytes, image: ImageConfig, path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
    """The pixels of a picture file's bytes; ``path`` is for messages. Shapes and errors as for ``load``."""
    try:
        kind, found = inspected(data)
        by = _checked(found, image)
        kind.verify(found)
        picture = _decoded(kind, found, by, image)
        if found.orientation != 1:
            picture = picture.transpose(_UPRIGHT[found.orientation])
        pixels = np.frombuffer(bytearray(fitted(picture, image).tobytes()), np.uint8)
    except Damaged as problem:
        raise BadPicture(os.fspath(path), str(problem)) from None
    except MemoryError:
        raise EnvironmentFault("not enough memory to decode the picture", os.fspath(path)) from None
    return pixels.reshape(*image.size, image.channels)


def from_image(
    picture: Image.Image, image: ImageConfig, path: str | os.PathLike[str] = "a picture in memory"
) -> npt.NDArray[np.uint8]:
    """The pixels of a picture that is decoded already. Shapes as for ``load``; errors: BadPicture."""
    try:
        pixels = np.frombuffer(bytearray(fitted(to_bytes(picture, None, image), image).tobytes()), np.uint8)
    except Damaged as problem:
        raise BadPicture(os.fspath(path), str(problem)) from None
    except MemoryError:
        raise EnvironmentFault("not enough memory for the picture", os.fspath(path)) from None
    return pixels.reshape(*image.size, image.channels)


def from_item(item: Item, image: ImageConfig, path: str) -> npt.NDArray[np.uint8]:
    """The pixels of an item of a source; ``path`` is for messages. Shapes and errors as for ``load``."""
    if item.shape is None:
        return decode(item.data, image, path)
    height, width, channels = item.shape
    shape = (height, width) if channels == 1 else item.shape
    return from_image(Image.fromarray(np.frombuffer(item.data, np.uint8).reshape(shape)), image, path)


def inspected(data: bytes) -> tuple[Format, Found]:
    """What a picture file's bytes are, and their structure, before any pixel is decoded.  Errors: ``Damaged``."""
    kind = recognise(data)
    if kind is None:
        raise Damaged(describe(data))
    try:
        return kind, kind.inspect(data)
    except (struct.error, IndexError):
        raise Damaged(f"cut off: the {kind.name} file is only {len(data)} bytes long") from None


def _checked(found: Found, image: ImageConfig) -> int:
    """What the decoder may shrink by, if size and frames are allowed."""
    if found.width < 1 or found.height < 1:
        raise Damaged(f"damaged: its size is {found.width}x{found.height} pixels")
    if found.frames > 1 and image.animated == "error":
        raise Damaged(
            f"an animation of {found.frames} frames; set data.image.animated: first to take the first of each"
        )
    by = shrink(found.width, found.height, image) if found.shrinkable else 1
    cap = image.max_megapixels or (CAP_SHRUNK_MEGAPIXELS if by > 1 else CAP_MEGAPIXELS)
    if found.width * found.height > cap * MEGA:
        size = f"{found.width}x{found.height}"
        raise Damaged(f"{size} pixels are more than {cap:g} megapixels; data.image.max_megapixels can raise that cap")
    return by


def _decoded(kind: Format, found: Found, by: int, image: ImageConfig) -> Image.Image:
    """The first frame as bytes, decoded whole; whatever goes wrong in a decoder leaves here as Damaged."""
    try:
        if by == 1 and (quick := kind.quick(found)) is not None:
            return to_bytes(quick, found.key, image)
        picture: ImageFile = kind.decoder(io.BytesIO(found.data))
        if by > 1:
            picture.draft(None, (found.width // by, found.height // by))
        elif picture.size != (found.width, found.height):
            raise Damaged(f"damaged: two sizes, {found.width}x{found.height} and {picture.width}x{picture.height}")
        picture.load()
        return to_bytes(picture, found.key, image)
    except (Damaged, MemoryError):
        raise
    except Exception as problem:  # a decoder raises anything; the reason goes on with the file's name
        raise Damaged(f"damaged or cut off; the {kind.name} decoder says: {escape(problem)}") from problem
