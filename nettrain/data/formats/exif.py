"""The one EXIF tag that changes what a picture looks like: its orientation."""

from __future__ import annotations

import struct

PREFIX = b"Exif\0\0"
_ORIENTATION, _SHORT = 0x0112, 3


def orientation(block: bytes) -> int:
    """The orientation 1..8 in an EXIF block; 1 (as stored) if the block has none that can be read.

    Notes    a block that is broken, or a value that the standard does not know, leaves the picture as it is stored,
             which is what browsers show.
    Source   CIPA DC-008-2023 (Exif 3.0), section 4.6.5; TIFF 6.0, section 2.
    """
    block = block.removeprefix(PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (entries,) = struct.unpack_from(order + "H", block, start)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", block, start + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return value if (kind, count) == (_SHORT, 1) and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
