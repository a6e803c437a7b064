"""Picture files made by hand, byte by byte, and folders of them."""

from __future__ import annotations

import errno
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nettrain.data.config import ImageConfig
from nettrain.files import system

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows: list[bytes], width: int, depth: int = 8, colour: int = GREY, *extra: bytes) -> bytes:
    """A PNG file; ``rows`` are packed samples, ``extra`` are chunks between header and data."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", data) + chunk(b"IEND")


def png_of(pixels: np.ndarray, *extra: bytes) -> bytes:
    """A PNG file of (H,W) or (H,W,C) samples, uint8 or uint16."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    colour = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGBA}[channels]
    rows = [row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels]
    return png(rows, pixels.shape[1], 8 * pixels.dtype.itemsize, colour, *extra)


def saved(pixels: np.ndarray, kind: str, **settings: object) -> bytes:
    """The file that Pillow writes of (H,W) or (H,W,C) uint8 pixels."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **settings)
    return file.getvalue()


def exif(orientation: int, order: str = "<") -> bytes:
    """An EXIF block with this orientation and nothing else."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def noise(height: int, width: int, channels: int = 3, seed: int = 1) -> np.ndarray:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def smooth(height: int, width: int) -> np.ndarray:
    """A picture that JPEG and WebP keep well."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], 2).astype(np.uint8)


def folder(root: Path, classes: dict[str, int], size: int = 4) -> Path:
    """A folder of grey pictures: so many of each class, all different."""
    for label, (name, count) in enumerate(classes.items()):
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = noise(size, size, 1, seed=1000 * label + number)
            (root / name / f"{number:03d}.png").write_bytes(png_of(pixels))
    return root


def config(height: int = 4, width: int | None = None, **settings: object) -> ImageConfig:
    return ImageConfig(size=(height, width or height), **settings)  # type: ignore[arg-type]


def refuse(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Let the system refuse a file, as if it were of another user: the tests may run as one who may read everything."""
    real = system.open_file

    def asked(name: str, flags: int) -> int:
        if name == str(path):
            raise PermissionError(errno.EACCES, "not yours")
        return real(name, flags)

    monkeypatch.setattr(system, "open_file", asked)


def overwritten(path: Path, data: bytes, place: int = 0) -> None:
    """Change bytes of the very file that is open elsewhere."""
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(data)


SCENE = 40  # pixels each way


def scene(seed: int, width: int = SCENE, height: int = SCENE) -> Image.Image:
    """A picture with as much in it as a photograph of that size, and unlike that of any other seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
