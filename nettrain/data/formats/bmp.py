"""The structure of a BMP file: its size."""

from __future__ import annotations

import struct

from nettrain.data.formats.found import Damaged, Found

SIGNATURE = b"BM"
_OLD_HEADER = 12  # bytes of OS/2's header, which has sizes of 16 bits


def inspect(data: bytes) -> Found:
    """Read the header of a BMP file; a negative height means rows from the top.

    Errors   Damaged: a file that ends in its header. One that ends in its pixels is left to the decoder.
    Source   Microsoft, "BITMAPINFOHEADER structure" and "BITMAPCOREHEADER structure".
    """
    if len(data) < 26:
        raise Damaged("cut off in its header")
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == _OLD_HEADER else "<ii", data, 18)
    return Found(width, abs(height), data)
