"""The structure of a JPEG file: its segments up to the end marker, its size, orientation, and what makes pixels."""

from __future__ import annotations

import re
import struct

from PIL import Image

from nettrain.data.formats import exif
from nettrain.data.formats.found import Damaged, Found

SIGNATURE = b"\xff\xd8\xff"
_START, _END, _SCAN, _JFIF, _EXIF, _ADOBE = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MODES = {1: "L", 3: "RGB"}  # by samples a pixel
_SEQUENTIAL = frozenset({0xC0, 0xC1})
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in a scan: neither a stuffed byte, nor a restart, nor fill


def inspect(data: bytes) -> Found:
    """Walk the segments of a JPEG file.

    Errors   Damaged: a segment that is cut off, no end marker, no picture.
    Notes    only segments that decoding needs are kept: JFIF and Adobe headers, tables, frame, scans. So a file in
             which a phone hides a second picture or a thumbnail is a plain one. Bytes after the end marker are left
             out. A progressive file is not shrinkable, since its decoder holds all coefficients anyway.
    Source   ITU-T T.81 (1992), annex B; JFIF 1.02; CIPA DC-008-2023, section 4.7.
    """
    kept, begun, place = list[bytes](), 0, 2  # runs of bytes, and where the one begins that is not ended yet
    width = height = orientation = frame = frames = 0
    while True:
        before = place
        marker, place = _marker(data, place)
        if place - 2 > before:
            kept.append(data[begun:before])
            begun = place - 2
        if marker == _END:
            break
        if marker == _START:
            raise Damaged(f"damaged: a second JPEG picture begins at byte {place - 2}, inside the first")
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            kept.append(data[begun : place - 2])
            begun = place
            continue
        if place + 2 > len(data):
            raise Damaged("cut off: the JPEG file has no end marker")
        length = data[place] << 8 | data[place + 1]
        end = place + length
        if length < 2 or end > len(data):
            raise Damaged(
                "cut off: the JPEG file has no end marker" if length >= 2 else "damaged: an empty JPEG segment"
            )
        if marker in _FRAMES:
            frame, frames = marker, frames + 1
            if length < 8:
                raise Damaged("damaged: the JPEG file's frame header is too short")
            depth, height, width, samples = struct.unpack_from(">BHHB", data, place + 2)
        elif marker == _EXIF and not orientation and data[place + 2 : end].startswith(exif.PREFIX):
            orientation = exif.orientation(data[place + 2 : end])
        elif marker == _SCAN:
            found = _NEXT_MARKER.search(data, end)
            end = found.start() if found else len(data)
        if marker >= _JFIF and marker not in (_JFIF, _ADOBE):
            kept.append(data[begun : place - 2])
            begun = end
        place = end
    if not frame:
        raise Damaged("damaged: the JPEG file holds no picture")
    kept.append(data[begun:place])
    mode = _MODES.get(samples) if frames == 1 and depth == 8 else None
    body = b"".join(kept)
    return Found(width, height, body, orientation=orientation or 1, shrinkable=frame in _SEQUENTIAL, mode=mode)


def decode(found: Found) -> Image.Image | None:
    """The picture, by the decoder alone; None if it is of a kind, or damaged in a way, that takes a closer look.

    Cost     two thirds of what Pillow's class for JPEG files takes for a small picture: that walks the segments again.
    """
    if found.mode is None:
        return None
    try:
        return Image.frombytes(found.mode, (found.width, found.height), found.data, "jpeg", (found.mode, "", 1, 0))
    except ValueError:  # of which the class says more
        return None


def _marker(data: bytes, place: int) -> tuple[int, int]:
    """The next marker and the place after it; stray bytes and fill before it are passed over, as decoders do."""
    while (place := data.find(b"\xff", place)) >= 0 and place + 1 < len(data):
        if data[place + 1] not in (0x00, 0xFF):
            return data[place + 1], place + 2
        place += 1
    raise Damaged("cut off: the JPEG file has no end marker")
