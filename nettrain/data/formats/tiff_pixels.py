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
    BLACK_IS_0,
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
_ALPHA = {1: "RGBa", 2: "RGBA"}  # what the sample behind the colours is: multiplied into them already, or not
_CLEAR, _END, _WIDEST = 256, 257, 12  # codes of LZW, and bits of its widest
_PIECE = 1 << 16  # bytes that are inflated at a time
_AT_ONCE = 1 << 22  # unpacked bytes whose samples are made at a time


def page(found: Found, number: int) -> Image.Image:
    """A page, as stored, in Pillow's mode for what it holds; 16-bit samples by their high bytes.  Errors: ``Damaged``.

    Cost     memory of the largest strip as it is unpacked, and of the picture twice.
    """
    order = "<" if found.data.startswith(b"II") else ">"
    here, _, _ = read_page(found.data, order, found.pages[number])
    alpha = _ALPHA.get(here.one("extra", 0), "") if here.meaning in (RGB, WHITE_IS_0, BLACK_IS_0) else ""
    colours = {RGB: 3, CMYK: 4}.get(here.meaning, 1)
    if here.samples == colours:
        alpha = ""
    return _picture(here, _samples(here, found.data, colours + bool(alpha)), alpha)


def _picture(here: Page, samples: Samples, alpha: str) -> Image.Image:
    if here.meaning == PALETTE:
        colours = here.tags.get("palette", np.empty(0)).astype(np.uint16)
        if colours.size < 3 << here.bits:
            raise Damaged("damaged: the TIFF file has no palette")
        return Image.fromarray((colours.reshape(3, -1).T >> 8).astype(np.uint8)[samples[..., 0]])
    if here.bits < 8:
        samples *= np.uint8(255 // ((1 << here.bits) - 1))
    if here.meaning == WHITE_IS_0:
        np.subtract(255, samples[..., 0], out=samples[..., 0])
    if alpha and here.meaning != RGB:
        samples = samples.take([0, 0, 0, 1], axis=2)
    mode = alpha or {RGB: "RGB", CMYK: "CMYK"}.get(here.meaning, "L")
    return Image.frombuffer(mode, here.size, samples, "raw", mode, 0, 1)


def _samples(here: Page, data: bytes, wanted: int) -> npt.NDArray[np.uint8]:
    """The first samples of a page, so many as are ``wanted``."""
    width, height = here.size
    apart = here.one("planes", 1) == 2 and here.samples > 1
    planes, S = (wanted, 1) if apart else (1, here.samples)
    tiled = "tile_width" in here.tags
    across, down = here.one("tile_width", width), here.one("tile_height", here.one("rows_a_strip", height))
    down = down if tiled else min(down, height)
    offsets, lengths = (here.tags.get(name, np.empty(0, np.int64)).astype(np.int64) for name in ("offsets", "lengths"))
    columns, rows = -(-width // max(across, 1)), -(-height // max(down, 1))
    if not across or not down or min(len(offsets), len(lengths)) < planes * rows * columns:
        raise Damaged("damaged: a page of the TIFF file does not say where its pixels are")
    if lengths[: planes * rows * columns].sum() > 2 * len(data):  # or the same bytes could be unpacked for ever
        raise Damaged("damaged: the strips of the TIFF file lie over one another")
    out = np.empty((height, width, wanted), np.uint8)
    for place in range(planes * rows * columns):
        plane, (row, column) = place // (rows * columns), divmod(place % (rows * columns), columns)
        tall = down if tiled else min(down, height - row * down)  # the last strip is shorter
        part = memoryview(data)[offsets[place] : offsets[place] + lengths[place]]
        area = out[row * down : row * down + tall, column * across : (column + 1) * across]
        _unpack(here, part, tall, across, S, area[..., plane : plane + S])
    return out


def _unpack(here: Page, data: memoryview, height: int, width: int, S: int, out: npt.NDArray[np.uint8]) -> None:
    """Fill ``out (H,W,S)`` with one strip or tile, of which it may be the upper left part, in fewer samples."""
    row = (width * S * here.bits + 7) // 8
    whole = _UNPACK[here.one("compression", NONE)](data, height * row)
    if len(whole) < height * row:
        raise Damaged(_CUT)
    lines = np.frombuffer(whole, np.uint8, height * row).reshape(height, row)
    step = max(1, _AT_ONCE // max(row, 1))
    for top in range(0, len(out), step):
        into = out[top : top + step]
        samples = _samples_of(here, lines[top : top + len(into)], width, S)
        into[...] = samples[:, : into.shape[1], : into.shape[2]]


def _samples_of(here: Page, lines: npt.NDArray[np.uint8], width: int, S: int) -> npt.NDArray[np.uint8]:
    """Rows of packed samples, one by one (H,W,S)."""
    if here.bits < 8:
        bits = np.unpackbits(lines, axis=1)[:, : width * here.bits].reshape(len(lines), width, here.bits)
        return np.packbits(bits, axis=2) >> np.uint8(8 - here.bits)  # (H,W,1)
    samples: Samples = lines.view(np.dtype(f"{here.order}u{here.bits // 8}")).reshape(len(lines), width, S)
    if here.one("predictor", 1) == 2 and here.one("compression", NONE) not in (NONE, PACKBITS):  # which have none
        samples = np.cumsum(samples, axis=1, dtype=np.uint16 if here.bits == 16 else np.uint8)
    return (samples >> 8 if here.bits == 16 else samples).astype(np.uint8, copy=False)


def _inflated(data: memoryview, need: int) -> bytearray:
    state, out = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(data), _PIECE):
            out += state.decompress(data[start : start + _PIECE], need - len(out))
            if len(out) == need:  # asked for no more than 0 bytes, zlib would give all
                break
    except zlib.error:
        raise Damaged("damaged: the pixel data of the TIFF file cannot be inflated") from None
    return out


def _packbits(data: memoryview, need: int) -> bytearray:
    """Runs: n + 1 bytes as they are, or one byte 1 - n times.  Source: TIFF 6.0, section 9."""
    out, place = bytearray(), 0
    while len(out) < need and place < len(data):
        count = data[place]
        if count < 128:
            out += data[place + 1 : place + 2 + count]
            place += 2 + count
        else:
            if count > 128:
                out += bytes(data[place + 1 : place + 2]) * (257 - count)
            place += 1 if count == 128 else 2
    return out


def _lzw(data: memoryview, need: int) -> bytearray:
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
    return out


_UNPACK: dict[int, Callable[[memoryview, int], memoryview | bytearray]] = {
    NONE: lambda data, need: data,
    LZW: _lzw,
    DEFLATE: _inflated,
    OLD_DEFLATE: _inflated,
    PACKBITS: _packbits,
}
