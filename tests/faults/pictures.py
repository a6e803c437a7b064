"""Hostile pictures (G8): each gives pixels, or exit 3 with its path and a reason; memory stays within the pixel cap.

And PNG files of every kind (G9): all that are right come out exact to the pixel, all that are damaged are refused.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from random import Random

import hostile
import numpy as np
import png_suite
from data.samples import chunk
from faults.forked import figures, forked, workplace_in_memory
from faults.reference import Figures, Reference
from hostile_seeds import seeds
from PIL import Image
from png_reader import read

from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import CAP_MEGAPIXELS
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import decode

HOSTILE = 12_000
IN_A_FOLDER = 600  # of them, given to ``predict`` as files
SEED = 8
SIDE = 5000  # pixels of a picture at the cap
MEMORY = 20 * CAP_MEGAPIXELS * 10**6  # bytes: a picture at the cap, what it is decoded from and turned into
HANG = 60.0  # seconds for one of the children
# TIFF: bits of a sample, samples, what they mean
TIFFS = ((1, 1, 0), (8, 1, 1), (8, 3, 2), (8, 8, 2), (16, 4, 2), (8, 4, 5), (8, 1, 3), (16, 2, 1))
ONE_LINE = re.compile(r"nettrain: error: [^\n]+: [^\n]+")


def image_for(chance: Random) -> ImageConfig:
    """Settings that a config may have."""
    return ImageConfig(
        (chance.choice((1, 4, 32, 64)), chance.choice((1, 5, 32))),
        channels=chance.choice((1, 3, 4)),
        fit=chance.choice(("stretch", "crop", "pad")),
        animated=chance.choice(("error", "first")),
    )


def mutants(kind: str, count: int) -> Iterator[tuple[str, bytes, ImageConfig]]:
    """So many hostile files of a format, the same in every repetition, each with settings."""
    for number in range(count):
        chance = Random(f"{SEED} {kind} {number}")
        name, data = hostile.mutant(kind, chance)
        yield f"{kind} {number} ({name})", data, image_for(chance)


def tried(cases: Iterator[tuple[str, bytes, ImageConfig]]) -> dict[str, object]:
    """What came of each: how many were taken, the reasons of the others, what must not be, seconds, memory."""
    wrong, reasons, taken, longest = list[str](), Counter[str](), 0, (0.0, "")
    before = _peak()
    for name, data, image in cases:
        begun = time.perf_counter()
        try:
            pixels = decode(data, image, "x.png")
        except BadPicture as problem:
            reasons[re.sub(r"\d+", "N", problem.reason)[:40]] += 1
            (line,) = problem.lines()
            if not ONE_LINE.fullmatch(line) or "x.png: " not in line or not line.isprintable():
                wrong.append(f"{name}: {line!r}")
        except Exception as error:  # noqa: BLE001  that is what is looked for
            wrong.append(f"{name}: {type(error).__name__}: {error}")
        else:
            taken += 1
            if pixels.shape != (*image.size, image.channels) or pixels.dtype != np.uint8:
                wrong.append(f"{name}: {pixels.shape} {pixels.dtype}")
        longest = max(longest, (time.perf_counter() - begun, name))
    return {"wrong": wrong, "taken": taken, "reasons": len(reasons), "longest": longest, "memory": _peak() - before}


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def in_a_child(folder: Path, cases: Callable[[], Iterator[tuple[str, bytes, ImageConfig]]]) -> dict:
    """``tried`` in a process of its own, so that a crash is seen, and memory is its own."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)

    def work() -> int:
        report.write_text(json.dumps(tried(cases())))
        return 0

    ending = forked(work, limit=20 * HANG)
    if ending.code:
        return {"wrong": [f"the process ended with {ending.code}: {ending.err[-500:]}"], "taken": 0, "reasons": 0,
                "longest": (0, ""), "memory": 0}  # fmt: skip
    found: dict = json.loads(report.read_text())
    if ending.err:
        found["wrong"].append(f"stderr: {ending.err[:500]}")
    return found


def hostile_files(folder: Path, count: int) -> Iterator[Figures]:
    """Mutants of each format, decoded."""
    kinds = sorted(seeds())
    for kind in kinds:
        begun, each = time.perf_counter(), max(1, count // len(kinds))
        found = in_a_child(folder, lambda kind=kind, each=each: mutants(kind, each))  # type: ignore[misc]
        wrong = list(found["wrong"])
        if found["memory"] > MEMORY:
            wrong.append(f"{found['memory']} bytes of memory, more than the {MEMORY} of a picture at the cap")
        longest, name = found["longest"]
        note = (
            f"{found['taken']} taken, {found['reasons']} kinds of reasons; at most {1000 * longest:.0f} ms ({name}), "
            f"{found['memory'] >> 20} MiB"
        )
        yield figures(f"G8 {kind}", each, wrong, begun, note)


def largest() -> dict[str, Callable[[], bytes]]:
    """Valid files at the cap, of every layout: what takes the most memory that there is to take."""
    made: dict[str, Callable[[], bytes]] = {}
    for kind in png_suite.KINDS:
        made[f"PNG {kind}"] = partial(_png_at_the_cap, kind, False)
        made[f"PNG {kind} interlaced"] = partial(_png_at_the_cap, kind, True)
    for form, modes in {"JPEG": "L RGB CMYK", "GIF": "L", "BMP": "1 L RGB RGBA", "WEBP": "RGB RGBA"}.items():
        for mode in modes.split():
            made[f"{form} {mode}"] = partial(_saved_at_the_cap, form, mode)
    for bits, samples, meaning in TIFFS:
        for packing, name in {1: "", 8: " deflated"}.items():
            made[f"TIFF {samples}x{bits} of kind {meaning}{name}"] = partial(
                _tiff_at_the_cap, bits, samples, meaning, packing
            )
    return made


def _png_at_the_cap(kind: str, interlace: bool) -> bytes:
    colour, depth = png_suite.KINDS[kind]
    passes = png_suite.PASSES if interlace else ((0, 0, 1, 1),)
    bits = depth * png_suite.SAMPLES[colour]
    rows = sum(
        len(range(top, SIDE, down)) * (1 + (len(range(left, SIDE, right)) * bits + 7) // 8)
        for left, top, right, down in passes
    )
    extra = png_suite.palette(depth) if colour == png_suite.PALETTE else b""
    if colour == png_suite.RGB:
        extra = chunk(b"tRNS", bytes(6))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, depth, colour, 0, 0, interlace))
    return png_suite.SIGNATURE + head + extra + chunk(b"IDAT", _zeros(rows)) + chunk(b"IEND")


def _tiff_at_the_cap(bits: int, samples: int, meaning: int, packing: int) -> bytes:
    """One strip, of differences where that can be, with transparency where there is room for it."""
    length = SIDE * -(-SIDE * samples * bits // 8)
    data = _zeros(length) if packing != 1 else bytes(length)
    tags = {256: SIDE, 257: SIDE, 258: bits, 259: packing, 262: meaning, 277: samples, 278: SIDE, 279: len(data)}
    tags |= {317: 1 if bits < 8 else 2, 338: 2}
    head = 8 + 2 + 12 * (len(tags) + 2) + 4
    entries = {tag: (4, 1, value) for tag, value in tags.items()} | {320: (3, 768, head), 273: (4, 1, head + 1536)}
    packed = b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4 + 1536) + data


def _saved_at_the_cap(form: str, mode: str) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (SIDE, SIDE)).save(file, form)
    return file.getvalue()


def _zeros(count: int) -> bytes:
    """So many zeros, packed."""
    packer, out = zlib.compressobj(1), list[bytes]()
    for start in range(0, count, 1 << 20):
        out.append(packer.compress(bytes(min(1 << 20, count - start))))
    return b"".join([*out, packer.flush()])


def at_the_cap(folder: Path, scale: float) -> Figures:
    """The largest pictures that are allowed, each in a process of its own: how much memory each takes."""
    begun, wrong, most, makers = time.perf_counter(), list[str](), (0, ""), largest()
    names = list(makers) if scale >= 1 else ["PNG 6a16", "WEBP RGBA", "TIFF 4x16 of kind 2 deflated"]
    file, image = folder / "picture", ImageConfig((2000, 2000))  # so large that no JPEG is shrunk
    for name in names:
        file.write_bytes(makers[name]())
        found = in_a_child(folder, lambda name=name: iter([(name, file.read_bytes(), image)]))  # type: ignore[misc]
        wrong += found["wrong"]
        most = max(most, (found["memory"], name))
        if not found["taken"]:
            wrong.append(f"{name}: not taken")
        if found["memory"] > MEMORY:
            wrong.append(f"{name}: {found['memory'] >> 20} MiB")
    note = f"{SIDE}x{SIDE} pixels, at most {most[0] >> 20} MiB ({most[1]})"
    return figures("G8 at the cap", len(names), wrong, begun, note)


def by_predict(reference: Reference, folder: Path, count: int) -> Figures:
    """Mutants as files, given to ``predict``: one row each, and exit 3."""
    begun, wrong, place = time.perf_counter(), list[str](), folder / "hostile"
    place.mkdir()
    kinds = sorted(seeds())
    for number in range(count):
        kind = kinds[number % len(kinds)]
        _, data = hostile.mutant(kind, Random(f"{SEED} file {number}"))
        (place / f"{number:05}.{kind}").write_bytes(data)
    rows = folder / "rows.jsonl"

    def work() -> int:
        from nettrain.cli.main import run

        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as err:
            code = run(["predict", str(place), "--model", str(reference.folder / "expected"), "-o", str(rows)])
        os.write(2, err.getvalue().encode())
        return code

    ending = forked(work, limit=10 * HANG)
    found = [json.loads(line) for line in rows.read_text().splitlines()] if rows.exists() else []
    bad = sum(row["error"] is not None for row in found)
    last = f"nettrain: error: {bad} of the files could not be used; their rows say why\n"
    if (ending.code, ending.err) != (3, last):
        wrong.append(f"exit {ending.code}: {ending.err[-500:]}")
    if [row["path"] for row in found] != [str(path) for path in sorted(place.iterdir())]:
        wrong.append(f"{len(found)} rows of {count}")
    wrong += [f"{row}" for row in found if (row["label"] is None) != (row["error"] is not None)]
    return figures("G8 predict", count, wrong, begun, f"{count - bad} taken, {bad} with their reason, exit 3")


def every_kind() -> Iterator[Figures]:
    """The files that PngSuite has, made anew."""
    begun, wrong, valid = time.perf_counter(), list[str](), dict(png_suite.suite())
    for name, data in valid.items():
        expected = read(data).rgba()
        try:
            got = decode(data, ImageConfig(expected.shape[:2], channels=4), name)
        except Exception as error:  # noqa: BLE001  that is what is looked for
            wrong.append(f"{name}: {error!r}")
        else:
            if (got != expected).any():
                wrong.append(f"{name}: {int((got != expected).any(axis=2).sum())} pixels differ")
    yield figures("G9 valid PNG files", len(valid), wrong, begun, "exact to the pixel, by an independent reader")
    begun, wrong, damaged = time.perf_counter(), [], dict(png_suite.corrupt())
    for name, data in damaged.items():
        try:
            decode(data, ImageConfig((32, 32)), name)
        except BadPicture:
            continue
        wrong.append(f"{name}: taken")
    yield figures("G9 damaged PNG files", len(damaged), wrong, begun, "all refused")


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G8 and G9."""
    yield from every_kind()
    with workplace_in_memory() as folder:
        yield from hostile_files(folder, max(50, round(HOSTILE * scale)))
        yield at_the_cap(folder, scale)
        reference = Reference(folder / "reference")
        _ = reference.expected
        yield by_predict(reference, folder, max(20, round(IN_A_FOLDER * scale)))
