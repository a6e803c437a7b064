"""Picture files that mean harm: a seeded generator of what is done to small valid ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial
from random import Random

from data.samples import chunk
from hostile_seeds import seeds

Entry = tuple[int, int, int, int]  # of a TIFF file: tag, kind of numbers, how many, the one or where they are
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"RIFF\x20\0\0\0WEBP", b"II*\0", b"%!PS")


def mutant(kind: str, chance: Random) -> tuple[str, bytes]:
    """One of the seeds of a format, damaged in one to four ways: what was done, and the bytes."""
    name = chance.choice(sorted(seeds()[kind]))
    data, done = seeds()[kind][name], [name]
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        how = chance.choice([*WAYS, *[signed] * (kind == "png") * 6, *[tagged] * (kind == "tiff") * 8, *[resized] * 2])
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
    if kind == "tiff":
        for tag, side in ((256, wide), (257, high)):
            data = _with_entry(data, partial(_one_number, tag, side))
        return data
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


def tagged(kind: str, data: bytes, chance: Random) -> bytes:
    """A tag of a TIFF file's first page is another one, or of another kind, or has other numbers, or more of them."""

    def change(tag: int, form: int, count: int, value: int) -> Entry | None:
        if chance.random() > 0.15:
            return None
        match chance.randrange(5):
            case 0:
                tag = chance.choice((*range(254, 280), 284, 317, 320, *range(322, 326), 338, 339, 330))
            case 1:
                form = chance.choice((1, 2, 3, 4, 5, 12, 255))
            case 2:
                count = chance.choice((*EXTREMES, 3, 4, 16, 17, 300, len(data), len(data) // 4))
            case 3:
                value = chance.choice((*EXTREMES, 3, 4, 5, 6, 8, 16, 32, 32773, 32946, 8192, len(data) - 1))
            case _:
                form, count, value = 4, 1, chance.randrange(40)
        return tag, form, count, value

    return _with_entry(data, change)


def _one_number(wanted: int, number: int, tag: int, *_: int) -> Entry | None:
    """The entry with this number alone, if it is of the tag that is wanted."""
    return (tag, 4, 1, number) if tag == wanted else None


def _with_entry(data: bytes, change: Callable[[int, int, int, int], Entry | None]) -> bytes:
    """A TIFF file with the first entry of its first page changed that is given another."""
    order = "<" if data.startswith(b"II") else ">"
    try:
        (place,) = struct.unpack_from(order + "I", data, 4)
        (entries,) = struct.unpack_from(order + "H", data, place)
        for at in range(place + 2, place + 2 + 12 * min(entries, 50), 12):
            if entry := change(*struct.unpack_from(order + "HHII", data, at)):
                tag, form, count, value = entry
                if form == 3 and count == 1 and order == ">":
                    value = value << 16 & 0xFFFFFFFF
                return data[:at] + struct.pack(order + "HHII", tag, form, count, value) + data[at + 12 :]
    except struct.error:
        pass
    return data


WAYS = (flipped, overwritten, extreme, extreme, cut, shortened, doubled, mixed, renamed, filled)
