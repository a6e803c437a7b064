"""Picture files that mean harm: small valid ones of every format, and a seeded generator of what is done to them."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from random import Random

import numpy as np
import png_suite
from data.samples import chunk, exif, noise, png_of, saved, smooth
from PIL import Image

EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"RIFF\x20\0\0\0WEBP", b"II*\0", b"%!PS")


@cache
def seeds() -> dict[str, dict[str, bytes]]:
    """Small valid files by format and name."""
    return {"png": _png(), "jpeg": _jpeg(), "gif": _gif(), "bmp": _bmp(), "webp": _webp()}


def mutant(kind: str, chance: Random) -> tuple[str, bytes]:
    """One of the seeds of a format, damaged in one to four ways: what was done, and the bytes."""
    name = chance.choice(sorted(seeds()[kind]))
    data, done = seeds()[kind][name], [name]
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        how = chance.choice([*WAYS, *[signed] * (kind == "png") * 6, *[resized] * 2])
        data = how(kind, data, chance)
        done.append(how.__name__)
    return " ".join(done), data


def flipped(kind: str, data: bytes, chance: Random) -> bytes:
    """A few bits, the other way."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if out:
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def overwritten(kind: str, data: bytes, chance: Random) -> bytes:
    """A few bytes, anything."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if out:
            out[chance.randrange(len(out))] = chance.randrange(256)
    return bytes(out)


def extreme(kind: str, data: bytes, chance: Random) -> bytes:
    """A number that is as large or small as can be, in one of its widths and orders, most often in the head."""
    form = chance.choice((">H", "<H", ">I", "<I", "B"))
    size = struct.calcsize(form)
    if len(data) <= size:
        return data
    place = chance.randrange(min(len(data) - size, chance.choice((64, 64, len(data)))) or 1)
    value = chance.choice(EXTREMES) & ((1 << 8 * size) - 1)
    return data[:place] + struct.pack(form, value) + data[place + size :]


def cut(kind: str, data: bytes, chance: Random) -> bytes:
    """The end is missing."""
    return data[: chance.randrange(len(data) + 1)]


def shortened(kind: str, data: bytes, chance: Random) -> bytes:
    """A part in the middle is missing."""
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randint(1, 64) :]


def doubled(kind: str, data: bytes, chance: Random) -> bytes:
    """A part is there again, somewhere."""
    start, place = chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)
    part = data[start : start + chance.randint(1, 256)] * chance.choice((1, 1, 2, 50))
    return data[:place] + part + data[place:]


def mixed(kind: str, data: bytes, chance: Random) -> bytes:
    """It ends as another file does, maybe of another format."""
    other = seeds()[chance.choice(sorted(seeds()))]
    end = other[chance.choice(sorted(other))]
    return data[: chance.randrange(len(data) + 1)] + end[chance.randrange(len(end)) :]


def renamed(kind: str, data: bytes, chance: Random) -> bytes:
    """It begins as another format does."""
    start = chance.choice(SIGNATURES)
    return start + data[len(start) :]


def filled(kind: str, data: bytes, chance: Random) -> bytes:
    """A part is zeros, ones, or noise."""
    start, length = chance.randrange(len(data) + 1), chance.randint(1, 200)
    part = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
    return data[:start] + part + data[start + length :]


def resized(kind: str, data: bytes, chance: Random) -> bytes:
    """Its sides are other numbers, where the format has them."""
    wide, high = (chance.choice((*EXTREMES, 3, 500, 4999, 5000, 5001, 8000, 65500)) for _ in range(2))
    if kind == "png" and data[12:16] == b"IHDR":
        body = struct.pack(">II", wide, high) + data[24:29]
        return data[:8] + chunk(b"IHDR", body) + data[33:]
    if kind == "jpeg" and (place := data.find(b"\xff\xc0")) > 0:
        return data[: place + 5] + struct.pack(">HH", high & 0xFFFF, wide & 0xFFFF) + data[place + 9 :]
    if kind == "gif":
        return data[:6] + struct.pack("<HH", wide & 0xFFFF, high & 0xFFFF) + data[10:]
    if kind == "bmp":
        return data[:18] + struct.pack("<II", wide, high) + data[26:]
    return extreme(kind, data, chance)


def signed(kind: str, data: bytes, chance: Random) -> bytes:
    """The chunks of a PNG file shuffled, doubled, left out, changed inside, with right checksums, so that it counts."""
    chunks, place = list[tuple[bytes, bytes]](), 8
    while place + 12 <= len(data) and len(chunks) < 50:
        (length,) = struct.unpack_from(">I", data, place)
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    if not chunks:
        return data
    number = chance.randrange(len(chunks))
    name, body = chunks[number]
    match chance.randrange(8):
        case 0:
            chance.shuffle(chunks)
        case 1:
            chunks.insert(chance.randrange(len(chunks) + 1), (name, body))
        case 2:
            del chunks[number]
        case 3:
            kinds = (b"tRNS", b"PLTE", b"IDAT", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"gAMA", b"iCCP", b"IEND", b"zTXt")
            chunks[number] = chance.choice(kinds), body
        case 4:
            extra = chance.choice((b"tRNS", b"PLTE", b"acTL", b"eXIf", b"sBIT", b"IDAT"))
            chunks.insert(chance.randrange(1, len(chunks) + 1), (extra, chance.randbytes(chance.randrange(40))))
        case 5 if name == b"IDAT":
            chunks[number] = name, zlib.compress(bytes(chance.choice((0, 10, 10**4, 10**7))))
        case 6 if name == b"IHDR" and len(body) == 13:
            head = bytearray(body)
            head[chance.randrange(8, 13)] = chance.choice((0, 1, 2, 3, 4, 6, 8, 16, 255))
            chunks[number] = name, bytes(head)
        case _:
            chunks[number] = name, flipped(kind, body, chance)
    return data[:8] + b"".join(chunk(name, body) for name, body in chunks)


WAYS = (flipped, overwritten, extreme, extreme, cut, shortened, doubled, mixed, renamed, filled)


def _png() -> dict[str, bytes]:
    found = dict(png_suite.suite())
    kinds = {name: found[name] for name in found if name.startswith(("bas", "tb", "tm", "oi4", "s01", "s40", "ct"))}
    orientation = png_of(noise(9, 7), chunk(b"eXIf", exif(6)))
    return {**kinds, "orientation": orientation, "animated": _animation("png")}


def _jpeg() -> dict[str, bytes]:
    ink = io.BytesIO()
    Image.fromarray(smooth(16, 24)).convert("CMYK").save(ink, "JPEG")
    picture = smooth(24, 40)
    return {
        "plain": saved(picture, "JPEG"),
        "grey": saved(noise(17, 9, 1), "JPEG"),
        "progressive": saved(picture, "JPEG", progressive=True),
        "restarts": saved(noise(32, 32), "JPEG", restart_marker_blocks=1),
        "orientation": saved(picture, "JPEG", exif=exif(8), comment=b"a comment"),
        "RGB": saved(picture, "JPEG", keep_rgb=True),
        "ink": ink.getvalue(),
        "large": saved(smooth(200, 300), "JPEG"),
        "one pixel": saved(smooth(1, 1), "JPEG"),
    }


def _gif() -> dict[str, bytes]:
    clear = io.BytesIO()
    Image.fromarray(noise(9, 9, 1)).convert("P").save(clear, "GIF", transparency=3)
    return {
        "plain": saved(noise(9, 13, 1), "GIF"),
        "interlaced": saved(noise(20, 20, 1), "GIF", interlace=True),
        "clear": clear.getvalue(),
        "animated": _animation("gif"),
        "one colour": saved(np.zeros((5, 5), np.uint8), "GIF"),
    }


def _bmp() -> dict[str, bytes]:
    def of(mode: str) -> bytes:
        file = io.BytesIO()
        Image.fromarray(noise(9, 11)).convert(mode).save(file, "BMP")
        return file.getvalue()

    return {
        **{mode: of(mode) for mode in ("1", "L", "P", "RGB", "RGBA")},
        "from the top": _bitmap(6, -4, 24, 0, bytes(80)),
        "16 bits": _bitmap(6, 4, 16, 0, bytes(range(48))),
        "fields": _bitmap(6, 4, 16, 3, bytes(range(48)), struct.pack("<3I", 0xF800, 0x7E0, 0x1F)),
        "runs": _bitmap(6, 2, 8, 1, b"\6\1\0\0\6\2\0\0\0\1", bytes(1024)),
        "runs of 4": _bitmap(6, 2, 4, 2, b"\6\x12\0\0\6\x21\0\0\0\1", bytes(64)),
        "old": b"BM" + struct.pack("<IHHIIHHHH", 26 + 36, 0, 0, 26, 12, 3, 3, 1, 24) + bytes(36),
    }


def _bitmap(width: int, height: int, bits: int, packing: int, pixels: bytes, table: bytes = b"") -> bytes:
    start = 54 + len(table)
    colours = len(table) // 4 if bits <= 8 else 0
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(pixels), 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + table + pixels


def _webp() -> dict[str, bytes]:
    return {
        "lossy": saved(smooth(16, 24), "WEBP"),
        "lossless": saved(noise(9, 7), "WEBP", lossless=True),
        "clear": saved(noise(12, 12, 4), "WEBP"),
        "orientation": saved(smooth(8, 12), "WEBP", exif=b"Exif\0\0" + exif(6)),
        "animated": _animation("webp"),
    }


def _animation(kind: str, frames: int = 3) -> bytes:
    pictures = [Image.fromarray(noise(8, 8, seed=seed)) for seed in range(frames)]
    file = io.BytesIO()
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:])
    return file.getvalue()
