"""The structure of a GIF file: its blocks up to the trailer, its frames counted, and the first frame alone or all."""

from __future__ import annotations

from nettrain.data.formats.found import Damaged, Found

SIGNATURES = (b"GIF87a", b"GIF89a")
_EXTENSION, _IMAGE, _TRAILER, _CONTROL = 0x21, 0x2C, 0x3B, 0xF9


def inspect(data: bytes, clip: bool = False) -> Found:
    """Walk the blocks of a GIF file; its bytes are left for the first frame, or with ``clip`` for all of them.

    Errors   Damaged: a file that ends before its trailer, a block of no known kind, no picture.
    Notes    the size is the canvas, widened to what the first frame covers.
    Source   CompuServe, "Graphics Interchange Format, Version 89a", 1990.
    """
    try:
        return _walk(data, clip)
    except IndexError:
        raise Damaged("cut off: the GIF file has no trailer") from None


def _walk(data: bytes, clip: bool) -> Found:
    width, height = _u16(data, 6), _u16(data, 8)
    place = 13 + _table(data[10])
    head, control = data[:place], b""
    kept: list[bytes] = []
    frames = 0
    while (kind := data[place]) != _TRAILER:
        start = place
        if kind == _EXTENSION:
            place = _after_blocks(data, place + 2)
            if data[start + 1] == _CONTROL:
                control = data[start:place]
        elif kind == _IMAGE:
            place = _after_blocks(data, place + 11 + _table(data[place + 9]))
            frames += 1
            if clip or frames == 1:
                kept += [control, data[start:place]]
                control = b""
            if frames == 1:
                width = max(width, _u16(data, start + 1) + _u16(data, start + 5))
                height = max(height, _u16(data, start + 3) + _u16(data, start + 7))
        elif kind == 0:
            place += 1  # padding between blocks
        else:
            raise Damaged(f"damaged: byte {place} should begin a GIF block")
    if not frames:
        raise Damaged("damaged: the GIF file holds no picture")
    return Found(width, height, b"".join([head, *kept, bytes([_TRAILER])]), frames)


def _u16(data: bytes, place: int) -> int:
    return data[place] | data[place + 1] << 8


def _table(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, place: int) -> int:
    """The place after a row of data blocks, which an empty one ends."""
    while length := data[place]:
        place += 1 + length
    return place + 1
