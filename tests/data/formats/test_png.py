"""Every kind of PNG pixels, interlaced or not, comes out as written."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from data.samples import chunk, config

from nettrain.data.pictures import decode

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
KINDS = [(colour, depth) for colour, depths in DEPTHS.items() for depth in depths]
# the seven passes of Adam7 as a map: the pass of each pixel in a block of 8x8 (PNG specification, section 8.1)
ADAM7 = np.array(
    [[1, 6, 4, 6, 2, 6, 4, 6], [7] * 8, [5, 6] * 4, [7] * 8, [3, 6, 4, 6, 3, 6, 4, 6], [7] * 8, [5, 6] * 4, [7] * 8]
)


def packed(values: np.ndarray, depth: int) -> bytes:
    """One row of samples as bytes, most significant bits first."""
    if depth >= 8:
        return values.astype(f">u{depth // 8}").tobytes()
    bits = (values.ravel()[:, None] >> np.arange(depth)[::-1]) & 1
    return np.packbits(bits.astype(np.uint8).ravel()).tobytes()


def file(samples: np.ndarray, colour: int, depth: int, interlace: bool) -> bytes:
    height, width = samples.shape[:2]
    where = np.tile(ADAM7, (9, 9))[:height, :width] if interlace else np.ones((height, width), int)
    rows = b""
    for number in range(1, 8):
        for line, here in zip(samples, where == number, strict=True):
            if here.any():
                rows += b"\0" + packed(line[here], depth)
    shades = np.repeat(np.arange(2**depth)[::-1].astype(np.uint8), 3).tobytes()
    palette = chunk(b"PLTE", shades) if colour == 3 else b""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    data = zlib.compress(rows)
    halves = chunk(b"IDAT", data[:7]) + chunk(b"IDAT", data[7:])
    return b"\x89PNG\r\n\x1a\n" + header + palette + halves + chunk(b"IEND")


@pytest.mark.parametrize("interlace", [False, True])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 2), (8, 8), (13, 21), (32, 5)])
@pytest.mark.parametrize(("colour", "depth"), KINDS)
def test_every_kind_comes_out_as_written(colour, depth, height, width, interlace):
    random = np.random.default_rng(height)
    samples = random.integers(0, 2**depth, (height, width, SAMPLES[colour]))
    bytes_ = samples >> 8 if depth == 16 else samples * 255 // (2**depth - 1)
    if colour == 3:
        bytes_ = 2**depth - 1 - samples
    alpha = bytes_[..., -1:] if colour in (4, 6) else np.full((height, width, 1), 255)
    shades = bytes_[..., :-1] if colour in (4, 6) else bytes_
    expected = np.concatenate([np.broadcast_to(shades, (height, width, 3)), alpha], axis=2)
    got = decode(file(samples, colour, depth, interlace), config(height, width, channels=4), "x")
    np.testing.assert_array_equal(got, expected)
