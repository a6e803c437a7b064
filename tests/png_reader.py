"""A reader of PNG files that shares nothing with ours: loops straight from the specification, for small pictures.

Source   W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 8 (interlace) and 9 (filters).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass
class Stored:
    """What a file holds: samples as stored (H,W,S), and how they are meant."""

    samples: np.ndarray
    colour: int
    depth: int
    palette: bytes
    transparent: bytes | None

    def rgba(self) -> np.ndarray:
        """(H,W,4) uint8: samples of few bits stretched to 0..255, of 16 bits their high byte."""
        top = 2**self.depth - 1
        height, width, _ = self.samples.shape
        out = np.full((height, width, 4), 255, np.uint8)
        for y in range(height):
            for x in range(width):
                values = [int(value) for value in self.samples[y, x]]
                if self.colour == 3:
                    (index,) = values
                    out[y, x, :3] = list(self.palette[3 * index : 3 * index + 3])
                    if self.transparent is not None and index < len(self.transparent):
                        out[y, x, 3] = self.transparent[index]
                    continue
                bytes_ = [value >> 8 if self.depth == 16 else value * 255 // top for value in values]
                out[y, x, :3] = bytes_[:3] if self.colour in (2, 6) else [bytes_[0]] * 3
                if self.colour in (4, 6):
                    out[y, x, 3] = bytes_[-1]
                elif self.transparent is not None:
                    key = list(struct.unpack(f">{len(values)}H", self.transparent))
                    out[y, x, 3] = 0 if values == key else 255
        return out


def read(data: bytes) -> Stored:
    """Take a file apart."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, list[tuple[bytes, bytes]]()
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", data, place + 8 + length)[0] == zlib.crc32(kind + body)
        chunks.append((kind, body))
        place += 12 + length
    named = dict(chunks)
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", named[b"IHDR"])
    stream = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    samples = np.zeros((height, width, SAMPLES[colour]), np.int64)
    for left, top, across, down in PASSES if interlace else ((0, 0, 1, 1),):
        columns, rows = range(left, width, across), range(top, height, down)
        if not columns or not rows:
            continue
        bits = depth * SAMPLES[colour]
        length, step = (len(columns) * bits + 7) // 8, max(1, bits // 8)
        above = bytes(length)
        for row in rows:
            above = _unfiltered(stream[0], stream[1 : 1 + length], above, step)
            stream = stream[1 + length :]
            values = _unpacked(above, depth, len(columns) * SAMPLES[colour])
            for number, column in enumerate(columns):
                samples[row, column] = values[number * SAMPLES[colour] : (number + 1) * SAMPLES[colour]]
    assert stream == b""
    return Stored(samples, colour, depth, named.get(b"PLTE", b""), named.get(b"tRNS"))


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    out = bytearray(line)
    for place in range(len(out)):
        a = out[place - step] if place >= step else 0
        b = above[place]
        c = above[place - step] if place >= step else 0
        match kind:
            case 0:
                guess = 0
            case 1:
                guess = a
            case 2:
                guess = b
            case 3:
                guess = (a + b) // 2
            case 4:
                p = a + b - c
                guess = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            case _:
                raise AssertionError(kind)
        out[place] = (out[place] + guess) & 255
    return bytes(out)


def _unpacked(line: bytes, depth: int, count: int) -> list[int]:
    if depth == 16:
        return [line[2 * place] << 8 | line[2 * place + 1] for place in range(count)]
    each = 8 // depth
    return [line[place // each] >> (8 - depth * (place % each + 1)) & (2**depth - 1) for place in range(count)]
