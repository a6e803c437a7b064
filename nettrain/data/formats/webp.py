"""The structure of a WebP file: its chunks, canvas size, frames and orientation."""

from __future__ import annotations

import struct

from nettrain.data.formats import exif
from nettrain.data.formats.found import Damaged, Found


def starts(data: bytes) -> bool:
    """Whether these bytes begin a WebP file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def inspect(data: bytes) -> Found:
    """Walk the chunks of a WebP file.

    Errors   Damaged: a file shorter than its header says, or without a picture.
    Notes    the decoder reserves the whole canvas as soon as it sees the file, so the size must be known before.
    Source   RFC 9649, sections 2 and 3 (VP8: RFC 6386, section 9.1).
    """
    (length,) = struct.unpack_from("<I", data, 4)
    total = length + 8
    if total > len(data):
        raise Damaged("cut off: the WebP file is shorter than its header says")
    size, frames, orientation, place = None, 0, 1, 12
    while place + 8 <= total:
        kind, (length,) = data[place : place + 4], struct.unpack_from("<I", data, place + 4)
        body = data[place + 8 : place + 8 + min(length, total)]
        if place + 8 + length > total:
            raise Damaged("cut off: a chunk of the WebP file is shorter than it says")
        frames += kind == b"ANMF"
        if kind == b"EXIF":
            orientation = exif.orientation(body)
        elif size is None and kind in _SIZES:
            size = _SIZES[kind](body)
        place += 8 + length + (length & 1)
    if size is None:
        raise Damaged("damaged: the WebP file holds no picture")
    return Found(*size, data[:total], max(1, frames), orientation)


def _canvas(body: bytes) -> tuple[int, int]:
    return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")


def _lossy(body: bytes) -> tuple[int, int]:
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _lossless(body: bytes) -> tuple[int, int]:
    bits = int.from_bytes(body[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


_SIZES = {b"VP8X": _canvas, b"VP8 ": _lossy, b"VP8L": _lossless}
