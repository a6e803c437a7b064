"""The structure of a PNG file: every chunk's checksum, its end, its size, and the chunks that make pixels."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from nettrain.data.formats import exif
from nettrain.data.formats.found import Damaged, Found

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_CONTROL_BYTES = 26
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6  # colour types
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGBA: (8, 16)}
_SAMPLES = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_SPARE = 1 << 16  # bytes that a data stream may hold beyond the last row
_PIECE = 1 << 16  # bytes that are inflated at a time
_ROWS = 256  # that are compared with the key at a time


def inspect(data: bytes, clip: bool = False) -> Found:
    """Walk the chunks of a PNG file; its bytes are left for the still picture, or with ``clip`` for all frames.

    Errors   Damaged: a chunk that is cut off or has a wrong checksum, no end chunk, an unknown critical chunk.
    Notes    of an APNG the picture is the one that a viewer without animation shows. The key colour of grey and RGB
             files is taken out, since decoders forget to scale it with samples of 2 and 4 bits; a clip has to have 8.
    Source   W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 5 and 11.
    """
    view, kept, place = memoryview(data), [SIGNATURE], len(SIGNATURE)
    width = height = depth = colour = interlace = 0
    frames, orientation, key = 1, 1, None
    kind, controls, before = b"", 0, 0
    while kind != b"IEND":
        if place + 12 > len(data):
            raise Damaged("cut off: the PNG file has no end chunk (IEND)")
        (length,), kind = struct.unpack_from(">I", data, place), data[place + 4 : place + 8]
        end = place + 12 + length
        if not kind.isalpha():
            raise Damaged(f"damaged: byte {place + 4} should begin a PNG chunk")
        if end > len(data):
            raise Damaged(f"cut off in its {kind.decode()} chunk")
        if zlib.crc32(view[place + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise Damaged(f"damaged: the checksum of its {kind.decode()} chunk is wrong")
        body = data[place + 8 : end - 4] if kind != b"IDAT" else b""
        if len(kept) == 1:
            if kind != b"IHDR" or length != 13:
                raise Damaged("damaged: the PNG file does not begin with a header chunk (IHDR)")
            width, height, depth, colour, packing, filters, interlace = struct.unpack(">IIBBBBB", body)
            if depth not in _DEPTHS.get(colour, ()) or packing or filters or interlace > 1:
                raise Damaged("damaged: its PNG header names a kind of pixels that does not exist")
        elif kind == b"tRNS" and colour in (_GREY, _RGB):
            key = _scaled(body, depth, 3 if colour == _RGB else 1)
        elif kind == b"eXIf":
            orientation = exif.orientation(body)
        elif kind == b"acTL" and length >= 4:
            (frames,) = struct.unpack_from(">I", body)
        elif kind == b"fcTL":
            if length != _CONTROL_BYTES:
                raise Damaged("damaged: its fcTL chunk has a wrong length")
            controls += 1
        elif kind == b"IDAT" and not controls:
            before = 1
        elif kind[:1].isupper() and kind not in _PIXELS:
            raise Damaged(f"damaged: a PNG file has no {kind.decode()} chunk")
        if kind in _PIXELS or (kind == b"tRNS" and (colour == _PALETTE or clip)) or (clip and kind in _ANIMATION):
            kept.append(bytes(view[place:end]))
        place = end
    if colour == _PALETTE and not any(piece[4:8] == b"PLTE" for piece in kept):
        raise Damaged("damaged: the PNG file has no palette (PLTE)")
    if not clip or frames <= 1:
        return Found(width, height, b"".join(kept), max(1, frames), orientation, key=key)
    if controls != frames:
        raise Damaged(f"damaged: the PNG file says that it has {frames} frames, and has {controls}")
    if key is not None and depth != 8:
        raise Damaged(f"frames with a transparent colour and samples of {depth} bits are not supported; expected 8")
    return Found(width, height, b"".join(kept), frames, orientation, before=before)


def verify(found: Found) -> None:
    """Inflate the pixel data without keeping it: all rows must be there, and their checksum right.

    Errors   Damaged. Decoders fill missing rows with zeros and pass over a missing checksum.
    Cost     one more inflation, about a third of decoding; memory of one piece.
    """
    sizes = struct.unpack_from(">IIBBBBB", found.data, len(SIGNATURE) + 8)
    stream = _Stream(_data_bytes(*sizes))
    for kind, body in _chunks(found.data):
        if kind == b"fcTL":
            width, height, x, y = struct.unpack_from(">IIII", body, 4)
            if x + width > found.width or y + height > found.height or not width or not height:
                raise Damaged(f"damaged: a frame of {width}x{height} pixels that lies outside the picture")
            if stream.begun:
                stream.end()
                stream = _Stream(_data_bytes(width, height, *sizes[2:]))
        elif kind in (b"IDAT", b"fdAT"):
            stream.take(body if kind == b"IDAT" else body[4:])
    stream.end()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of every chunk that was kept."""
    place = len(SIGNATURE)
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def keyed(found: Found) -> Image.Image | None:
    """RGB of 16 bits with a key colour as RGBA; None for any other kind.

    Notes    decoders keep the high bytes alone, in which a colour beside the key looks like it. The low bytes come from
             decoding once more, as if their order were the other.
    """
    depth, colour = struct.unpack_from(">BB", found.data, len(SIGNATURE) + 16)
    if found.key is None or (depth, colour) != (16, _RGB):
        return None
    high, low = (_unpacked(found.data, rawmode) for rawmode in ("RGB;16B", "RGB;16L"))
    seen = np.empty((found.height, found.width), np.uint8)
    for top in range(0, found.height, _ROWS):
        box = (0, top, found.width, min(top + _ROWS, found.height))
        samples = np.asarray(high.crop(box), np.uint16) << 8 | np.asarray(low.crop(box))
        seen[top : box[3]] = np.where((samples == np.array(found.key)).all(axis=2), 0, 255)
    high.putalpha(Image.fromarray(seen))
    return high


def _unpacked(data: bytes, rawmode: str) -> Image.Image:
    """The picture with its samples read in another way than Pillow would."""
    picture = PngImageFile(io.BytesIO(data))
    ((codec, box, place, _),) = picture.tile
    picture.tile = [(codec, box, place, rawmode)]  # type: ignore[list-item]
    picture.load()
    return picture


class _Stream:
    """The pixel data of one frame, inflated and counted, and never kept; ``need`` bytes of it are wanted."""

    def __init__(self, need: int) -> None:
        self._inflate, self._have, self._need = zlib.decompressobj(), 0, need
        self.begun = False

    def take(self, piece: bytes) -> None:
        self.begun = True
        try:
            while piece and not self._inflate.eof and self._have <= self._need + _SPARE:
                self._have += len(self._inflate.decompress(piece, _PIECE))
                piece = self._inflate.unconsumed_tail
        except zlib.error:
            raise Damaged("damaged: the pixel data of the PNG file cannot be inflated") from None

    def end(self) -> None:
        if self._have > self._need + _SPARE:
            raise Damaged("damaged: the PNG file holds more pixel data than its size needs")
        if self._have < self._need or not self._inflate.eof:
            raise Damaged("cut off: the PNG file holds less pixel data than its size needs")


def _data_bytes(width: int, height: int, depth: int, colour: int, _: int, __: int, interlace: int) -> int:
    """Bytes of all rows, each with its filter byte, of all passes."""
    total = 0
    for x, y, step_x, step_y in _ADAM7 if interlace else ((0, 0, 1, 1),):
        across, down = -((x - width) // step_x), -((y - height) // step_y)
        if across > 0 and down > 0:
            total += down * (1 + (across * depth * _SAMPLES[colour] + 7) // 8)
    return total


def _scaled(body: bytes, depth: int, samples: int) -> tuple[int, ...] | None:
    if len(body) != 2 * samples:
        raise Damaged("damaged: its tRNS chunk has a wrong length")
    values = struct.unpack(f">{samples}H", body)
    return values if depth == 16 else tuple(value * 255 // (2**depth - 1) for value in values)
