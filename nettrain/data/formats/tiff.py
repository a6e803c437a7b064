"""The structure of a TIFF file: its pages, their sizes, and whether what they hold can be taken."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.data.formats.found import Damaged, Found

SIGNATURES = (b"II*\0", b"MM\0*")
WHITE_IS_0, BLACK_IS_0, RGB, PALETTE, CMYK = 0, 1, 2, 3, 5  # what samples mean
NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 5, 8, 32946, 32773  # compressions
_MOST_PAGES = 10_001  # that are counted: more than may be used
_TYPES = {1: "u1", 3: "u2", 4: "u4"}  # whole numbers without a sign, by the number of their kind
_TAGS = {
    256: "width",
    257: "height",
    258: "bits",
    259: "compression",
    262: "meaning",
    266: "fill_order",
    273: "offsets",
    274: "orientation",
    277: "samples",
    278: "rows_a_strip",
    279: "lengths",
    284: "planes",
    317: "predictor",
    320: "palette",
    322: "tile_width",
    323: "tile_height",
    324: "offsets",
    325: "lengths",
    338: "extra",
    339: "format",
}
_NEEDED = {WHITE_IS_0: 1, BLACK_IS_0: 1, RGB: 3, PALETTE: 1, CMYK: 4}  # samples of a pixel, without transparency
_LARGE_TILE = 4096  # pixels of a side, which a tile of a small picture may have
_BEYOND = "cut off: a page of the TIFF file lies beyond its end"
_MOST_BITS = 64  # of a pixel: with more, a picture within the pixel cap could take more memory than one may


@dataclass(frozen=True, slots=True)
class Page:
    """The tags of a page that matter, each a row of numbers that stay where they are in the file."""

    order: str  # of bytes, as ``struct`` has it
    tags: dict[str, npt.NDArray[Any]]

    def one(self, tag: str, default: int) -> int:
        return int(self.tags[tag][0]) if tag in self.tags else default

    def all(self, tag: str) -> set[int]:
        """The numbers of a tag that has one for each sample; 1 stands for none."""
        return set(self.tags[tag][:_MOST_BITS].tolist()) if tag in self.tags else {1}

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) as stored."""
        return self.one("width", 0), self.one("height", 0)

    @property
    def bits(self) -> int:
        """Of a sample: 1 to 16."""
        return self.one("bits", 1)

    @property
    def samples(self) -> int:
        """Of a pixel."""
        return self.one("samples", 1)

    @property
    def meaning(self) -> int:
        return self.one("meaning", BLACK_IS_0)


def inspect(data: bytes) -> Found:
    """Walk the pages of a TIFF file.

    Errors   Damaged: a page outside the file, pages of several sizes, samples or a compression that are not read.
    Notes    Masks, thumbnails and the like are pages, too. The first page says how all of them are turned.
    Source   Adobe, "TIFF Revision 6.0", 1992, sections 2 to 8, 14, 15, 18 and 20.
    """
    order = "<" if data.startswith(b"II") else ">"
    (place,) = struct.unpack_from(order + "I", data, 4)
    pages: list[int] = []
    first, tagged = None, 0
    seen: set[int] = set()
    while place and len(pages) < _MOST_PAGES:
        if place in seen:
            raise Damaged(f"damaged: page {len(pages) + 1} of the TIFF file is one of those before")
        seen.add(place)
        pages.append(place)
        page, entries, place = read_page(data, order, place)
        tagged += entries
        if 12 * tagged > len(data):  # else pages that overlap could take for ever to walk
            raise Damaged("damaged: the pages of the TIFF file have more tags than it has room for")
        _check(page)
        first = first or page
        if page.size != first.size:
            sizes = "page {} has {}x{} pixels, page 1 {}x{}".format(len(pages), *page.size, *first.size)
            raise Damaged(f"pages of several sizes: {sizes}")
    if first is None:
        raise Damaged("damaged: the TIFF file holds no picture")
    turned = first.one("orientation", 1)
    return Found(*first.size, data, len(pages), turned if 1 <= turned <= 8 else 1, pages=tuple(pages))


def read_page(data: bytes, order: str, place: int) -> tuple[Page, int, int]:
    """The page at a place, how many tags it has in all, and where the next page is.  Errors: ``Damaged``."""
    try:
        (entries,) = struct.unpack_from(order + "H", data, place)
        tags = {}
        for entry in range(place + 2, place + 2 + 12 * entries, 12):
            tag, kind, count = struct.unpack_from(order + "HHI", data, entry)
            if tag in _TAGS and kind in _TYPES and 0 < count <= len(data):
                form, at = np.dtype(order + _TYPES[kind]), entry + 8
                if count * form.itemsize > 4:
                    (at,) = struct.unpack_from(order + "I", data, at)
                if at + count * form.itemsize > len(data):
                    raise Damaged(_BEYOND)
                tags[_TAGS[tag]] = np.frombuffer(data, form, count, at)
        (after,) = struct.unpack_from(order + "I", data, place + 2 + 12 * entries)
    except struct.error:
        raise Damaged(_BEYOND) from None
    return Page(order, tags), entries, after


def _check(page: Page) -> None:
    """Refuse what is not read. Errors: ``Damaged``."""
    bits, kinds = page.all("bits"), page.all("format")
    if kinds != {1} or not bits <= {1, 2, 4, 8, 16} or len(bits) > 1:
        kind = {2: "signed", 3: "floating-point"}.get(max(kinds), "")
        what = f"{kind} numbers of {', '.join(map(str, sorted(bits)))} bits".strip()
        raise Damaged(f"its samples are {what}; expected whole ones without a sign, of 1, 2, 4, 8 or 16 bits")
    if page.meaning not in _NEEDED:
        raise Damaged(f"its samples are of kind {page.meaning}; expected grey, RGB, a palette or CMYK")
    most = _MOST_BITS // page.bits if page.bits >= 8 else 1
    if not _NEEDED[page.meaning] <= page.samples <= most:
        raise Damaged(f"its pixels have {page.samples} samples of {page.bits} bits each, which is not supported")
    if (compression := page.one("compression", NONE)) not in (NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS):
        raise Damaged(
            f"its compression, number {compression}, is not supported; expected none, LZW, Deflate or PackBits"
        )
    predictor = page.one("predictor", 1)
    if predictor not in (1, 2) or (predictor == 2 and page.bits < 8) or page.one("fill_order", 1) != 1:
        raise Damaged("its pixels are packed in a way that is not supported")
    tile = page.one("tile_width", 0), page.one("tile_height", 0)
    padded = [-(-side // max(length, 1)) * length for length, side in zip(tile, page.size, strict=True)]
    if (
        any(length > max(_LARGE_TILE, side + 15) for length, side in zip(tile, page.size, strict=True))
        or padded[0] * padded[1] > 4 * page.size[0] * page.size[1] + _LARGE_TILE**2
    ):
        raise Damaged(f"damaged: tiles of {tile[0]}x{tile[1]} pixels in a picture of {page.size[0]}x{page.size[1]}")
