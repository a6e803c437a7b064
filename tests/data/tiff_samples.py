"""TIFF files made by hand, tag by tag."""

from __future__ import annotations

import struct

import numpy as np

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, SAMPLES, ROWS, COUNTS = (
    256,
    257,
    258,
    259,
    262,
    273,
    277,
    278,
    279,
)


def page(order: str, place: int, after: int, pixels: np.ndarray, **other: int) -> bytes:
    """A page at a place in a file, its pixels behind its tags."""
    height, width = pixels.shape
    tags = {
        WIDTH: width,
        LENGTH: height,
        BITS: 8 * pixels.dtype.itemsize,
        COMPRESSION: 1,
        PHOTOMETRIC: 1,
        SAMPLES: 1,
        ROWS: height,
        COUNTS: pixels.nbytes,
    } | {int(tag.removeprefix("t")): value for tag, value in other.items()}
    tags[OFFSETS] = place + 2 + 12 * (len(tags) + 1) + 4
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    return struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", after) + data


def file(*pages: np.ndarray, order: str = "<", **other: int) -> bytes:
    """A file of pages (H,W), each in one strip; ``t339=3`` gives all of them a tag."""
    data = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for number, pixels in enumerate(pages, 1):
        length = len(page(order, len(data), 0, pixels, **other))
        data += page(order, len(data), len(data) + length if number < len(pages) else 0, pixels, **other)
    return data


def tiled(values: np.ndarray, apart: bool, side: int = 16) -> bytes:
    """A file of one page (H,W,3) in tiles, samples together or each in a plane of its own."""
    height, width, _ = values.shape
    whole = np.zeros((-(-height // side) * side, -(-width // side) * side, 3), values.dtype)
    whole[:height, :width] = values
    planes = [whole[..., i : i + 1] for i in range(3)] if apart else [whole]
    tiles = [
        plane[y : y + side, x : x + side].tobytes()
        for plane in planes
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]
    bits = 8 * values.dtype.itemsize
    tags = {WIDTH: width, LENGTH: height, BITS: bits, COMPRESSION: 1, PHOTOMETRIC: 2, SAMPLES: 3}
    tags |= {284: 2 if apart else 1, 322: side, 323: side}
    head = 8 + 2 + 12 * (len(tags) + 2) + 4
    start = head + 8 * len(tiles)
    entries = [(tag, 4, 1, value) for tag, value in tags.items()]
    entries += [(324, 4, len(tiles), head), (325, 4, len(tiles), head + 4 * len(tiles))]
    places = [start + len(tiles[0]) * number for number in range(len(tiles))]
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(struct.pack("<HHII", *one) for one in entries)
    return data + struct.pack(f"<I{2 * len(tiles)}I", 0, *places, *[len(tiles[0])] * len(tiles)) + b"".join(tiles)


def over_one_another(count: int, part: bytes, compression: int) -> bytes:
    """A file of ``count`` rows of 8 pixels, each a strip of its own, all of which are the very same bytes."""
    tags = {WIDTH: 8, LENGTH: count, BITS: 8, COMPRESSION: compression, PHOTOMETRIC: 1, SAMPLES: 1, ROWS: 1}
    head = 8 + 2 + 12 * (len(tags) + 2) + 4
    entries = [(tag, 4, 1, value) for tag, value in tags.items()]
    entries += [(OFFSETS, 4, count, head), (COUNTS, 4, count, head + 4 * count)]
    data = b"II*\0" + struct.pack("<IH", 8, len(entries))
    data += b"".join(struct.pack("<HHII", *one) for one in sorted(entries)) + bytes(4)
    return data + struct.pack(f"<{2 * count}I", *[head + 8 * count] * count, *[len(part)] * count) + part
