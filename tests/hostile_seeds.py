"""Small valid picture files of every format, and of every kind that a format has: what hostile ones are made of."""

from __future__ import annotations

import io
import struct
from functools import cache
from itertools import product

import numpy as np
import png_suite
from data.samples import chunk, exif, noise, png_of, saved, smooth
from data.tiff_samples import file, tiled
from PIL import Image


@cache
def seeds() -> dict[str, dict[str, bytes]]:
    """Small valid files by format and name."""
    return {"png": _png(), "jpeg": _jpeg(), "gif": _gif(), "bmp": _bmp(), "webp": _webp(), "tiff": _tiff()}


def _png() -> dict[str, bytes]:
    found = dict(png_suite.suite())
    kinds = {name: found[name] for name in found if name.startswith(("bas", "tb", "tm", "oi4", "s01", "s40", "ct"))}
    orientation = png_of(noise(9, 7), chunk(b"eXIf", exif(6)))
    return {**kinds, "orientation": orientation, "animated": _animation("png")}


def _jpeg() -> dict[str, bytes]:
    ink = io.BytesIO()
    Image.fromarray(smooth(16, 24)).convert("CMYK").save(ink, "JPEG")
    picture = smooth(24, 40)
    return {
        "plain": saved(picture, "JPEG"),
        "grey": saved(noise(17, 9, 1), "JPEG"),
        "progressive": saved(picture, "JPEG", progressive=True),
        "restarts": saved(noise(32, 32), "JPEG", restart_marker_blocks=1),
        "orientation": saved(picture, "JPEG", exif=exif(8), comment=b"a comment"),
        "RGB": saved(picture, "JPEG", keep_rgb=True),
        "ink": ink.getvalue(),
        "large": saved(smooth(200, 300), "JPEG"),
        "one pixel": saved(smooth(1, 1), "JPEG"),
    }


def _gif() -> dict[str, bytes]:
    clear = io.BytesIO()
    Image.fromarray(noise(9, 9, 1)).convert("P").save(clear, "GIF", transparency=3)
    return {
        "plain": saved(noise(9, 13, 1), "GIF"),
        "interlaced": saved(noise(20, 20, 1), "GIF", interlace=True),
        "clear": clear.getvalue(),
        "animated": _animation("gif"),
        "one colour": saved(np.zeros((5, 5), np.uint8), "GIF"),
    }


def _bmp() -> dict[str, bytes]:
    def of(mode: str) -> bytes:
        file = io.BytesIO()
        Image.fromarray(noise(9, 11)).convert(mode).save(file, "BMP")
        return file.getvalue()

    return {
        **{mode: of(mode) for mode in ("1", "L", "P", "RGB", "RGBA")},
        "from the top": _bitmap(6, -4, 24, 0, bytes(80)),
        "16 bits": _bitmap(6, 4, 16, 0, bytes(range(48))),
        "fields": _bitmap(6, 4, 16, 3, bytes(range(48)), struct.pack("<3I", 0xF800, 0x7E0, 0x1F)),
        "runs": _bitmap(6, 2, 8, 1, b"\6\1\0\0\6\2\0\0\0\1", bytes(1024)),
        "runs of 4": _bitmap(6, 2, 4, 2, b"\6\x12\0\0\6\x21\0\0\0\1", bytes(64)),
        "old": b"BM" + struct.pack("<IHHIIHHHH", 26 + 36, 0, 0, 26, 12, 3, 3, 1, 24) + bytes(36),
    }


def _bitmap(width: int, height: int, bits: int, packing: int, pixels: bytes, table: bytes = b"") -> bytes:
    start = 54 + len(table)
    colours = len(table) // 4 if bits <= 8 else 0
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(pixels), 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + table + pixels


def _webp() -> dict[str, bytes]:
    return {
        "lossy": saved(smooth(16, 24), "WEBP"),
        "lossless": saved(noise(9, 7), "WEBP", lossless=True),
        "clear": saved(noise(12, 12, 4), "WEBP"),
        "orientation": saved(smooth(8, 12), "WEBP", exif=b"Exif\0\0" + exif(6)),
        "animated": _animation("webp"),
    }


def _tiff() -> dict[str, bytes]:
    found = {
        "several pages": file(noise(7, 9, 1), noise(7, 9, 1, seed=2)),
        "large end first": file(noise(7, 9, 1).astype(np.uint16), order=">", t274=6),
        "tiles": tiled(noise(20, 35), apart=False),
        "planes": tiled(noise(20, 35), apart=True),
        "16 bits": tiled(noise(18, 17).astype(np.uint16) * 257, apart=False),
        "floating point": file(noise(3, 4, 1).astype(np.float32), t339=3),
    }
    packings = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
    packed = product(("1", "L", "P", "RGB", "RGBA", "LA", "CMYK"), packings)
    for mode, packing in (*packed, ("L", "jpeg"), ("1", "group4")):
        data = io.BytesIO()
        picture = Image.fromarray(noise(15, 23)).convert(mode)
        picture.save(data, "TIFF", compression=packing, tiffinfo={317: 2} if mode == "RGB" else {})
        found[f"{mode} {packing}"] = data.getvalue()
    return found


def _animation(kind: str, frames: int = 3) -> bytes:
    pictures = [Image.fromarray(noise(8, 8, seed=seed)) for seed in range(frames)]
    file = io.BytesIO()
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:])
    return file.getvalue()
