"""PNG files of every kind that PngSuite has, made here, since that is not ours to ship; their names are its own.

Source   Willem van Schaik, "PngSuite", http://www.schaik.com/pngsuite/: which kinds there are. The pictures are others.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from data.samples import GREY, GREY_ALPHA, PALETTE, RGB, RGBA, chunk, exif
from png_reader import PASSES, SAMPLES

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KINDS = {
    "0g01": (GREY, 1), "0g02": (GREY, 2), "0g04": (GREY, 4), "0g08": (GREY, 8), "0g16": (GREY, 16),
    "2c08": (RGB, 8), "2c16": (RGB, 16),
    "3p01": (PALETTE, 1), "3p02": (PALETTE, 2), "3p04": (PALETTE, 4), "3p08": (PALETTE, 8),
    "4a08": (GREY_ALPHA, 8), "4a16": (GREY_ALPHA, 16), "6a08": (RGBA, 8), "6a16": (RGBA, 16),
}  # fmt: skip
SIZES = (*range(1, 10), *range(32, 41))
FILTERS = range(5)


def made(
    kind: str,
    size: int = 32,
    *,
    interlace: bool = False,
    filters: Sequence[int] = (0, 1, 2, 3, 4),
    before: Iterable[bytes] = (),
    after: Iterable[bytes] = (),
    level: int = 6,
    pieces: int = 1,
) -> bytes:
    """A file of ``size`` x ``size`` pixels: chunks ``before`` and ``after`` its palette, its data in ``pieces``."""
    colour, depth = KINDS[kind]
    samples = picture(size, SAMPLES[colour], depth)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, depth, colour, 0, 0, interlace))
    data = zlib.compress(_rows(samples, depth, interlace, filters), level)
    length = -(-len(data) // pieces)
    bodies = [data[start : start + length] for start in range(0, len(data), length)]
    parts = [header, *before, *([palette(depth)] if colour == PALETTE else []), *after]
    return SIGNATURE + b"".join([*parts, *(chunk(b"IDAT", body) for body in bodies), chunk(b"IEND")])


def picture(size: int, samples: int, depth: int) -> np.ndarray:
    """Samples (H,W,S): a slope in the upper half, which filters like, and noise in the lower."""
    y, x, s = np.mgrid[0:size, 0:size, 0:samples]
    slope = (x * (s + 1) + y) * 2**depth // (4 * size)
    noise = np.random.default_rng(size + depth).integers(0, 2**depth, slope.shape)
    return np.where(y < size // 2, slope, noise) % 2**depth


def palette(depth: int) -> bytes:
    """As many colours as there can be."""
    shades = np.random.default_rng(depth).integers(0, 256, 3 * 2**depth)
    return chunk(b"PLTE", shades.astype(np.uint8).tobytes())


def _rows(samples: np.ndarray, depth: int, interlace: bool, filters: Sequence[int]) -> bytes:
    out = list[bytes]()
    for left, top, across, down in PASSES if interlace else ((0, 0, 1, 1),):
        part = samples[top::down, left::across]
        if not part.size:
            continue
        packed = [_packed(line, depth) for line in part]
        step = max(1, depth * samples.shape[2] // 8)
        above = bytes(len(packed[0]))
        for number, line in enumerate(packed):
            kind = filters[number % len(filters)]
            out.append(bytes([kind]) + _filtered(kind, line, above, step))
            above = line
    return b"".join(out)


def _packed(line: np.ndarray, depth: int) -> bytes:
    if depth >= 8:
        return line.astype(f">u{depth // 8}").tobytes()
    bits = (line.ravel()[:, None] >> np.arange(depth)[::-1]) & 1
    return np.packbits(bits.astype(np.uint8).ravel()).tobytes()


def _filtered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    here, b = (np.frombuffer(row, np.uint8).astype(np.int64) for row in (line, above))
    a, c = (np.concatenate([np.zeros(step, np.int64), row])[: len(row)] for row in (here, b))
    p = a + b - c
    far = [abs(p - a), abs(p - b), abs(p - c)]
    paeth = np.where((far[0] <= far[1]) & (far[0] <= far[2]), a, np.where(far[1] <= far[2], b, c))
    guess = (np.zeros_like(a), a, b, (a + b) // 2, paeth)[kind]
    return ((here - guess) % 256).astype(np.uint8).tobytes()


def suite() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every valid file."""
    for kind in KINDS:
        yield f"basn{kind}", made(kind)
        yield f"basi{kind}", made(kind, interlace=True)
    for size in SIZES:
        kind = "3p01" if size <= 4 else "3p02" if size <= 9 else "3p04"
        yield f"s{size:02}n{kind}", made(kind, size)
        yield f"s{size:02}i{kind}", made(kind, size, interlace=True)
    yield from _backgrounds()
    yield from _transparency()
    yield from _annotated()
    for kind in ("0g08", "2c08"):
        for number in FILTERS:
            yield f"f{number:02}n{kind}", made(kind, filters=[number])
    yield "f99n0g04", made("0g04", filters=[4, 0, 3, 1, 2, 2])
    for pieces, mark in ((1, "1"), (2, "2"), (4, "4"), (10**6, "9")):
        for kind in ("0g16", "2c16"):
            yield f"oi{mark}n{kind}", made(kind, pieces=pieces)
    for level in (0, 3, 6, 9):
        yield f"z{level:02}n2c08", made("2c08", level=level)


def _backgrounds() -> Iterator[tuple[str, bytes]]:
    yield "bgai4a08", made("4a08", interlace=True)
    yield "bgai4a16", made("4a16", interlace=True)
    yield "bgan6a08", made("6a08")
    yield "bgan6a16", made("6a16")
    yield "bgbn4a08", made("4a08", after=[chunk(b"bKGD", b"\0\0")])
    yield "bggn4a16", made("4a16", after=[chunk(b"bKGD", b"\xab\xcd")])
    yield "bgwn6a08", made("6a08", after=[chunk(b"bKGD", b"\0\xff" * 3)])
    yield "bgyn6a16", made("6a16", after=[chunk(b"bKGD", b"\xff\xff\xff\xff\0\0")])


def _transparency() -> Iterator[tuple[str, bytes]]:
    """Keys are colours that are there, beside others that differ from them in the last bit."""
    for name in ("tbbn0g04", "tbbn2c16", "tbgn2c16", "tbrn2c08", "tbwn0g16", "tp1n0g08", "tp1n2c08", "tp1n0g01"):
        colour, depth = KINDS[name[-4:]]
        samples = picture(32, SAMPLES[colour], depth)
        key = struct.pack(f">{SAMPLES[colour]}H", *map(int, samples[20, 7]))
        yield name, made(name[-4:], after=[chunk(b"tRNS", key), chunk(b"bKGD", key)])
        yield f"{name}-interlaced", made(name[-4:], interlace=True, after=[chunk(b"tRNS", key)])
        near = key[:-1] + bytes([key[-1] ^ 1])
        yield f"{name}-near", made(name[-4:], after=[chunk(b"tRNS", near)])
    for name, body in {
        "tbbn3p08": bytes(range(256)), "tbgn3p08": b"\0", "tbwn3p08": b"\0\x80", "tbyn3p08": bytes(100),
        "tp1n3p08": b"\0" * 40, "tm3n3p02": b"\0\x55\xaa\xff", "tp1n3p01": b"\x10",
    }.items():  # fmt: skip
        yield name, made(name[-4:], after=[chunk(b"tRNS", body)])
    for kind in ("0g08", "2c08", "3p08"):
        yield f"tp0n{kind}", made(kind)


def _annotated() -> Iterator[tuple[str, bytes]]:
    """Chunks that change no sample: gamma, colours, sizes, histograms, times, words, palettes of other kinds."""
    for gamma in (35000, 45000, 55000, 70000, 100000, 250000):
        for kind in ("0g16", "2c08", "3p04"):
            yield f"g{gamma // 10000:02}n{kind}", made(kind, before=[chunk(b"gAMA", struct.pack(">I", gamma))])
    white = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(3000)))
    words = b"Title\0PngSuite"
    extra = {
        "ccwn2c08": (chunk(b"cHRM", white), b""), "ccwn3p08": (chunk(b"cHRM", white), b""),
        "cdfn2c08": (b"", chunk(b"pHYs", struct.pack(">IIB", 1, 4, 0))),
        "cdhn2c08": (b"", chunk(b"pHYs", struct.pack(">IIB", 4, 1, 0))),
        "cdsn2c08": (b"", chunk(b"pHYs", struct.pack(">IIB", 1, 1, 0))),
        "cdun2c08": (b"", chunk(b"pHYs", struct.pack(">IIB", 1000, 1000, 1))),
        "ch1n3p04": (b"", chunk(b"hIST", struct.pack(">16H", *range(16)))),
        "ch2n3p08": (b"", chunk(b"hIST", struct.pack(">256H", *range(256)))),
        "cm0n0g04": (b"", chunk(b"tIME", struct.pack(">H5B", 2000, 1, 1, 12, 34, 56))),
        "cm7n0g04": (b"", chunk(b"tIME", struct.pack(">H5B", 1970, 1, 1, 0, 0, 0))),
        "cm9n0g04": (b"", chunk(b"tIME", struct.pack(">H5B", 1999, 12, 31, 23, 59, 59))),
        "cs3n2c16": (chunk(b"sBIT", b"\x0d" * 3), b""), "cs3n3p08": (chunk(b"sBIT", b"\x03" * 3), b""),
        "cs5n2c08": (chunk(b"sBIT", b"\x05" * 3), b""), "cs5n3p08": (chunk(b"sBIT", b"\x05" * 3), b""),
        "cs8n2c08": (chunk(b"sBIT", b"\x08" * 3), b""), "cs8n3p08": (chunk(b"sBIT", b"\x08" * 3), b""),
        "ct0n0g04": (b"", b""), "ct1n0g04": (b"", chunk(b"tEXt", words)),
        "ctzn0g04": (b"", chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"PngSuite" * 99))),
        "exif2c08": (b"", chunk(b"eXIf", exif(1))),
        "pp0n2c16": (b"", palette(8)), "pp0n6a08": (b"", palette(8)),
        "ps1n0g08": (b"", chunk(b"sPLT", b"six\0\x08" + bytes(60))),
        "ps1n2c16": (b"", chunk(b"sPLT", b"six\0\x08" + bytes(60))),
        "ps2n0g08": (b"", chunk(b"sPLT", b"six\0\x10" + bytes(100))),
        "ps2n2c16": (b"", chunk(b"sPLT", b"six\0\x10" + bytes(100))),
        "iccpn2c08": (profile, b""), "srgbn2c08": (chunk(b"sRGB", b"\0"), b""),
        "unknownn2c08": (chunk(b"prVt", b"x" * 99), chunk(b"prVt")),
    }  # fmt: skip
    for code, tongue in (("en", "Title"), ("fi", "Otsikko"), ("el", "Τίτλος"), ("hi", "शीर्षक"), ("ja", "タイトル")):
        body = b"Title\0\0\0" + code.encode() + b"\0" + tongue.encode() + b"\0PngSuite"
        extra[f"ct{code[0]}n0g04"] = b"", chunk(b"iTXt", body)
    for name, (before, after) in extra.items():
        yield name, made(name[-4:], before=[before], after=[after])


def corrupt() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every damaged file."""
    plain, grey = made("0g01"), made("0g04")
    for place, name in ((0, "xs1n0g01"), (1, "xs2n0g01"), (3, "xs4n0g01"), (6, "xs7n0g01")):
        yield name, plain[:place] + bytes([plain[place] ^ 0x80]) + plain[place + 1 :]
    yield "xcrn0g04", grey.replace(b"\n", b"\r\n")  # as a transfer of text changes it
    yield "xlfn0g04", grey.replace(b"\r\n", b"\n")
    yield "xhdn0g08", _changed(made("0g08"), b"IHDR", lambda body: body, crc=1)
    yield "xcsn0g01", _changed(plain, b"IDAT", lambda body: body, crc=1)
    for name, place, value in (
        ("xc1n0g08", 9, 1), ("xc9n2c08", 9, 9), ("xd0n2c08", 8, 0), ("xd3n2c08", 8, 3), ("xd9n2c08", 8, 99),
        ("xm1n0g08", 10, 1), ("xf1n0g08", 11, 1), ("xi2n0g08", 12, 2),
    ):  # fmt: skip

        def with_value(body: bytes, place: int = place, value: int = value) -> bytes:
            return body[:place] + bytes([value]) + body[place + 1 :]

        yield name, _changed(made(name[-4:]), b"IHDR", with_value)
    yield "xdtn0g01", SIGNATURE + plain[8:33] + chunk(b"IEND")
    yield "xplte3p08", _without(made("3p08"), b"PLTE")
    yield "xend0g08", made("0g08")[:-12]
    yield "xcut2c08", made("2c08")[:-400]
    yield "xshort2c08", _changed(made("2c08"), b"IDAT", lambda body: zlib.compress(zlib.decompress(body)[:-1]))
    yield "xadler2c08", _changed(made("2c08"), b"IDAT", lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    yield "xfilter2c08", _changed(made("2c08"), b"IDAT", lambda body: zlib.compress(b"\x05" + bytes(97 * 32 - 1)))


def _changed(data: bytes, wanted: bytes, change, crc: int = 0) -> bytes:
    """The file with the body of a chunk changed, and its checksum right but for the bits of ``crc``."""
    place = 8
    while data[place + 4 : place + 8] != wanted:
        place += 12 + struct.unpack_from(">I", data, place)[0]
    (length,) = struct.unpack_from(">I", data, place)
    new = chunk(wanted, change(data[place + 8 : place + 8 + length]))
    new = new[:-1] + bytes([new[-1] ^ crc])
    return data[:place] + new + data[place + 12 + length :]


def _without(data: bytes, wanted: bytes) -> bytes:
    place = data.index(wanted) - 4
    (length,) = struct.unpack_from(">I", data, place)
    return data[:place] + data[place + 12 + length :]
