"""The first picture of a file: looked into before any pixel is decoded, then decoded whole, and turned upright."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image
from PIL.ImageFile import ImageFile

from nettrain.data.caps import shrunk_by
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged, Found
from nettrain.data.formats.table import Format, describe, recognise
from nettrain.data.modes import to_bytes
from nettrain.errors import escape

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def inspected(data: bytes, clip: bool = False) -> tuple[Format, Found]:
    """What a picture file's bytes are, and their structure, before any pixel is decoded.  Errors: ``Damaged``.

    Notes    With ``clip`` all its frames are looked at.
    """
    kind = recognise(data)
    if kind is None:
        raise Damaged(describe(data))
    look = kind.inspect_clip if clip and kind.inspect_clip is not None else kind.inspect
    try:
        return kind, look(data)
    except (struct.error, IndexError):
        raise Damaged(f"cut off: the {kind.name} file is only {len(data)} bytes long") from None


def still(data: bytes, image: ImageConfig) -> Image.Image:
    """One picture, upright."""
    kind, found = inspected(data)
    if image.frames is None:
        refuse_animation(found.frames, image)
    by = shrunk_by(found, image)
    kind.verify(found)
    return upright(_decoded(kind, found, by, image), found)


def refuse_animation(frames: int, image: ImageConfig) -> None:
    """Errors: ``Damaged`` for a picture of several frames where a single one is wanted, and the first is not taken."""
    if frames > 1 and image.animated == "error":
        what = f"an animation of {frames} frames, where a single picture is wanted"
        cure = "set data.image.animated: first to take the first of each, or data.image.frames to train on clips"
        raise Damaged(what, cure)


def upright(picture: Image.Image, found: Found) -> Image.Image:
    return picture if found.orientation == 1 else picture.transpose(_UPRIGHT[found.orientation])


def _decoded(kind: Format, found: Found, by: int, image: ImageConfig) -> Image.Image:
    """The first frame as bytes, decoded whole."""
    with decoding(kind.name):
        if by == 1 and (quick := kind.quick(found)) is not None:
            return to_bytes(quick, found.key, image)
        picture = opened(kind, found)
        if by > 1:
            picture.draft(None, (found.width // by, found.height // by))
        elif picture.size != (found.width, found.height):
            raise Damaged(f"damaged: two sizes, {found.width}x{found.height} and {picture.width}x{picture.height}")
        picture.load()
        return to_bytes(picture, found.key, image)


def opened(kind: Format, found: Found) -> ImageFile:
    """The file in its decoder's hands."""
    with decoding(kind.name):
        if kind.decoder is None:
            raise TypeError(f"{kind.name} files are decoded page by page")
        return kind.decoder(io.BytesIO(found.data))


@contextmanager
def decoding(kind: str) -> Iterator[None]:
    """Whatever goes wrong in a decoder leaves here as Damaged."""
    try:
        yield
    except (Damaged, MemoryError):
        raise
    except Exception as problem:  # a decoder raises anything; the reason goes on with the file's name
        raise Damaged(f"damaged or cut off; the {kind} decoder says: {escape(problem)}") from problem
