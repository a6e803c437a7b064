"""From any pixel layout to grey, RGB or RGBA of 8 bits a sample."""

from __future__ import annotations

import numpy as np
from PIL import Image

from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged

MOST = (1 << 16) - 1  # of a sample of 16 bits
ROWS = 256  # that are worked on at a time
_WIDE = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_GREY = frozenset({"1", "L"})
_COLOUR = frozenset({"P", "RGB", "RGBX", "CMYK", "YCbCr"})
_CLEAR = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def to_bytes(picture: Image.Image, key: tuple[int, ...] | None, image: ImageConfig) -> Image.Image:
    """A picture in mode L or RGB, or RGBA where it has transparency and ``channels: 4`` keeps it.

    Units    16-bit samples are divided by 256 (v >> 8); grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    Notes    ``key`` is the one colour that is transparent. Without ``channels: 4`` transparent pixels are blended with
             the background before anything else, so colours hidden under them never show.
    """
    if picture.mode in _WIDE:
        values = np.asarray(picture)
        if values.min(initial=0) < 0 or values.max(initial=0) > MOST:
            raise Damaged(f"its values are {values.min()} to {values.max()}; expected 0 to {MOST}")
        samples = values.astype(np.uint16)
        grey = Image.fromarray((samples >> 8).astype(np.uint8))
        picture = grey if key is None else _with_alpha(grey, samples != key[0])
    elif key is not None and picture.mode not in _CLEAR:
        picture = picture.convert("L" if picture.mode in _GREY else "RGB")
        samples = np.asarray(picture)
        picture = _with_alpha(picture, (samples.reshape(*samples.shape[:2], -1) != np.array(key)).any(axis=2))
    if picture.mode in _CLEAR or picture.has_transparency_data:
        picture = in_mode(picture, "RGBA")
        if image.channels == 4:
            return picture
        picture = _blended(picture, image.background)
    elif picture.mode in _GREY:
        return in_mode(picture, "L")
    elif picture.mode not in _COLOUR:
        raise Damaged(f"its pixel layout {picture.mode!r} is not supported")
    return in_mode(picture, "L" if image.channels == 1 else "RGB")


def _blended(picture: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    """An RGBA picture on a ground of one colour, a few rows at a time, so that no more than the two is held."""
    width, height = picture.size
    ground = Image.new("RGB", picture.size, background)
    for top in range(0, height, ROWS):
        part = picture.crop((0, top, width, min(top + ROWS, height)))
        ground.paste(part.convert("RGB"), (0, top), part.getchannel("A"))
    return ground


def in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """The picture in this mode; itself if it is."""
    return picture if picture.mode == mode else picture.convert(mode)


def _with_alpha(picture: Image.Image, seen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Image.Image:
    clear = picture.convert("RGBA")
    clear.putalpha(Image.fromarray(np.where(seen, np.uint8(255), np.uint8(0))))
    return clear
