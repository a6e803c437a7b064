"""The pixels of a page of a TIFF file: its strips or tiles unpacked, put together, and given their meaning.

Read here and not by the library that others use for it, which writes what it finds wrong on the standard error of the
whole program.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from nettrain.data.formats.found import Damaged, Found
from nettrain.data.formats.tiff import (
    CMYK,
    DEFLATE,
    LZW,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    PALETTE,
    RGB,
    WHITE_IS_0,
    Page,
    read_page,
)

Samples = npt.NDArray[Any]  # (H,W,S), uint8 or uint16
_CUT = "cut off: a page of the TIFF file holds less pixel data than its size needs"
_ALPHA = {1: "RGBa", 2: "RGBA"}  # what the fourth sample of RGB is: multiplied into the others already, or not
_CLEAR, _END, _WIDEST = 256, 257, 12  # codes of LZW, and bits of its widest


def page(found: Found, number: int) -> Image.Image:
    """A page, as stored, in Pillow's mode for what it holds.  Errors: ``Damaged``."""
    order = "<" if found.data.startswith(b"II") else ">"
    here, _, _ = read_page(found.data, order, found.pages[number])
    return _picture(here, _samples(here, found.data))


def _picture(here: Page, samples: Samples) -> Image.Image:
    """16-bit samples by their high bytes."""
    if here.meaning == PALETTE:
        colours = np.array(here.tags.get("palette", ()), np.uint16)
        if colours.size < 3 << here.bits:
            raise Damaged("damaged: the TIFF file has no palette")
        return Image.fromarray((colours.reshape(3, -1).T >> 8).astype(np.uint8)[samples[..., 0]])
    bytes_ = (samples >> 8).astype(np.uint8) if here.bits == 16 else samples
    if here.bits < 8:
        bytes_ = bytes_ * np.uint8(255 // ((1 << here.bits) - 1))
    extra = here.one("extra", 0)
    if here.meaning == CMYK:
        return Image.frombytes("CMYK", here.size, np.ascontiguousarray(bytes_[..., :4]).tobytes())
    if here.meaning == RGB:
        mode = _ALPHA.get(extra, "RGB") if here.samples > 3 else "RGB"
        return Image.frombytes(mode, here.size, np.ascontiguousarray(bytes_[..., : len(mode)]).tobytes())
    grey = 255 - bytes_[..., :1] if here.meaning == WHITE_IS_0 else bytes_[..., :1]
    if here.samples > 1 and extra in _ALPHA:
        clear = np.concatenate([grey, grey, grey, bytes_[..., 1:2]], axis=2)
        return Image.frombytes(_ALPHA[extra], here.size, clear.tobytes())
    return Image.fromarray(np.ascontiguousarray(grey[..., 0]))


def _samples(here: Page, data: bytes) -> Samples:
    """All samples of a page."""
    width, height = here.size
    apart = here.one("planes", 1) == 2 and here.samples > 1
    planes, S = (here.samples, 1) if apart else (1, here.samples)
    tiled = "tile_width" in here.tags
    across, down = here.one("tile_width", width), here.one("tile_height", here.one("rows_a_strip", height))
    down = down if tiled else min(down, height)
    offsets, lengths = here.tags.get("offsets", ()), here.tags.get("lengths", ())
    columns, rows = -(-width // max(across, 1)), -(-height // max(down, 1))
    if not across or not down or min(len(offsets), len(lengths)) < planes * rows * columns:
        raise Damaged("damaged: a page of the TIFF file does not say where its pixels are")
    out = np.empty((height, width, here.samples), np.uint16 if here.bits == 16 else np.uint8)
    for place in range(planes * rows * columns):
        plane, (row, column) = place // (rows * columns), divmod(place % (rows * columns), columns)
        tall = down if tiled else min(down, height - row * down)  # the last strip is shorter
        start = offsets[place]
        part = _unpacked(here, data[start : start + lengths[place]], tall, across, S)
        area = out[row * down : row * down + tall, column * across : (column + 1) * across]
        area[..., plane : plane + S] = part[: area.shape[0], : area.shape[1]]
    return out


def _unpacked(here: Page, data: bytes, height: int, width: int, S: int) -> Samples:
    """One strip or tile, (height,width,S)."""
    row = (width * S * here.bits + 7) // 8
    packing = here.one("compression", NONE)
    whole = _UNPACK[packing](data, height * row)
    if len(whole) < height * row:
        raise Damaged(_CUT)
    lines = np.frombuffer(whole, np.uint8, height * row).reshape(height, row)
    if here.bits < 8:
        bits = np.unpackbits(lines, axis=1)[:, : width * here.bits].reshape(height, width, here.bits)
        return np.packbits(bits, axis=2) >> (8 - here.bits)  # (H,W,1)
    samples = lines.view(np.dtype(f"{here.order}u{here.bits // 8}")).reshape(height, width, S)
    if here.one("predictor", 1) == 2 and packing not in (NONE, PACKBITS):  # which have none, whatever the tag says
        samples = np.cumsum(samples, axis=1, dtype=np.uint16 if here.bits == 16 else np.uint8)
    return samples


def _inflated(data: bytes, need: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, need)
    except zlib.error:
        raise Damaged("damaged: the pixel data of the TIFF file cannot be inflated") from None


def _packbits(data: bytes, need: int) -> bytes:
    """Runs: n + 1 bytes as they are, or one byte 1 - n times.  Source: TIFF 6.0, section 9."""
    out, place = bytearray(), 0
    while len(out) < need and place < len(data):
        count = data[place]
        if count < 128:
            out += data[place + 1 : place + 2 + count]
            place += 2 + count
        else:
            if count > 128:
                out += data[place + 1 : place + 2] * (257 - count)
            place += 1 if count == 128 else 2
    return bytes(out)


def _lzw(data: bytes, need: int) -> bytes:
    """Codes of 9 to 12 bits, high bits first, for runs that came before.  Source: TIFF 6.0, section 13."""
    runs = [bytes([value]) for value in range(256)] + [b"", b""]
    out, before = bytearray(), b""
    width, held, have = 9, 0, 0
    for byte in data:
        held, have = held << 8 | byte, have + 8
        if have < width:
            continue
        have -= width
        code, held = held >> have, held & ((1 << have) - 1)
        if code == _CLEAR:
            del runs[258:]
            width, before = 9, b""
            continue
        if code == _END or len(out) >= need:
            break
        if code < len(runs):
            run = runs[code]
            if before:
                runs.append(before + run[:1])
        elif code == len(runs) and before:
            run = before + before[:1]
            runs.append(run)
        else:
            raise Damaged("damaged: the pixel data of the TIFF file has a code that stands for nothing")
        out += run
        before = run
        if len(runs) + 1 >= 1 << width and width < _WIDEST:
            width += 1
        if len(runs) > 1 << _WIDEST:
            raise Damaged("damaged: the pixel data of the TIFF file has more codes than there can be")
    return bytes(out)


_UNPACK: dict[int, Callable[[bytes, int], bytes]] = {
    NONE: lambda data, need: data,
    LZW: _lzw,
    DEFLATE: _inflated,
    OLD_DEFLATE: _inflated,
    PACKBITS: _packbits,
}
