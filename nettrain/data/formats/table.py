"""The picture formats that nettrain reads, told apart by content, and a name for what is not one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import IO

from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from nettrain.data.formats import bmp, gif, jpeg, png, tiff, tiff_pixels, webp
from nettrain.data.formats.found import Found
from nettrain.data.formats.others import named


@dataclass(frozen=True, slots=True)
class Format:
    """One row: how to know a format, how to look into it, what decodes it, and what to check once its size is allowed.

    Notes   ``decoder`` is Pillow's class itself and not ``Image.open``, which would try others, and which prints
            warnings about sizes before our own cap can speak. ``quick`` makes the same picture sooner, or None.
            ``inspect_clip`` looks into a file whose frames are all wanted, if that is another look. ``page`` decodes
            one that lies by itself, so that no decoder has to go through all those before it.
    """

    name: str
    suffixes: tuple[str, ...]
    starts: Callable[[bytes], bool]
    inspect: Callable[[bytes], Found]
    decoder: Callable[[IO[bytes]], ImageFile] | None
    verify: Callable[[Found], None] = lambda found: None
    quick: Callable[[Found], Image | None] = lambda found: None
    inspect_clip: Callable[[bytes], Found] | None = None
    page: Callable[[Found, int], Image] | None = None


FORMATS = (
    Format(
        "PNG",
        (".png", ".apng"),
        lambda data: data.startswith(png.SIGNATURE),
        png.inspect,
        PngImageFile,
        png.verify,
        png.keyed,
        inspect_clip=partial(png.inspect, clip=True),
    ),
    Format(
        "JPEG",
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        lambda data: data.startswith(jpeg.SIGNATURE),
        jpeg.inspect,
        JpegImageFile,
        quick=jpeg.decode,
    ),
    Format("BMP", (".bmp", ".dib"), lambda data: data.startswith(bmp.SIGNATURE), bmp.inspect, BmpImageFile),
    Format(
        "GIF",
        (".gif",),
        lambda data: data.startswith(gif.SIGNATURES),
        gif.inspect,
        GifImageFile,
        inspect_clip=partial(gif.inspect, clip=True),
    ),
    Format("WebP", (".webp",), webp.starts, webp.inspect, WebPImageFile),
    Format(
        "TIFF",
        (".tif", ".tiff"),
        lambda data: data.startswith(tiff.SIGNATURES),
        tiff.inspect,
        None,
        quick=lambda found: tiff_pixels.page(found, 0),
        page=tiff_pixels.page,
    ),
)
NAMES = ", ".join(row.name for row in FORMATS)
SUFFIXES = frozenset(suffix for row in FORMATS for suffix in row.suffixes)


def recognise(data: bytes) -> Format | None:
    """The format that these bytes begin with, whatever the file is called."""
    return next((row for row in FORMATS if row.starts(data)), None)


def describe(data: bytes) -> str:
    """What bytes are that no row recognises, as the reason why they are refused."""
    if not data:
        return "the file is empty (0 bytes)"
    what = named(data)
    if "Git LFS" in what:
        return f"{what}, not the picture itself; fetch it with 'git lfs pull'"
    return f"{what or 'not a picture in a known format'}; expected one of {NAMES}"
