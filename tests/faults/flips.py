"""Flipped bits (G10): with a manifest each one in any picture is found before the first step; how many pass without.

A picture is taken bit by bit, each flip a file of its own, and compared with the manifest of what it was. Files that
hold many pictures are taken as a whole: there a flip is found, or refused, or changes neither a picture nor its name.
"""

from __future__ import annotations

import io
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

from data.samples import noise, png_of, saved, smooth
from data.sources.making import COLOUR, GREY, sample
from faults.forked import figures, forked, workplace_in_memory
from faults.reference import Figures, Reference, scaled

from nettrain.data.bad_picture import BadPicture
from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.doctor.manifest import Sum, check_manifest, manifest_csv
from nettrain.data.doctor.material import Material
from nettrain.data.pictures import decode
from nettrain.data.reader import Item
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError

Check = Callable[[str, Material], None]
SEED, IN_A_SOURCE, FITS = 10, 6000, 200
PICTURES = {  # one of each format, small enough to be taken bit by bit; a JPEG that is more than its tables
    "PNG": png_of(smooth(12, 16)),
    "JPEG": saved(smooth(200, 300), "JPEG"),
    "GIF": saved(noise(12, 16, 1), "GIF"),
    "BMP": saved(smooth(12, 16), "BMP"),
    "WebP": saved(smooth(24, 32), "WEBP"),
    "TIFF": saved(smooth(12, 16), "TIFF"),
}
SOURCES = {
    **{name: (GREY[name], sample(2)) for name in ("zip", "tar", "tar.gz", "idx", "idx.gz", "npz", "npz, packed")},
    "cifar": (COLOUR["cifar"], sample(1, 32, 3)),
}


def material(where: Path, image: ImageConfig) -> Material:
    return Material(make_splits(DataConfig(os.fspath(where), image), 1).all(), image)  # type: ignore[arg-type]


def flipped(data: bytes, bit: int) -> bytes:
    """The same but for one bit."""
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def of_a_picture(folder: Path, kind: str, share: float = 1.0, check: Check = check_manifest) -> Figures:
    """Each bit of a picture, or a share of them."""
    begun, data, image = time.perf_counter(), PICTURES[kind], ImageConfig((8, 8))
    total = 8 * len(data)
    bits = range(total) if share >= 1 else sorted(Random(SEED).sample(range(total), scaled(total, share)))
    root = folder / kind
    names, known, unseen = [f"a/{bit:06}.png" for bit in bits], Sum.of(Item(data)), 0
    for label in "ab":
        (root / label).mkdir(parents=True)
    (root / "b/0.png").write_bytes(data)
    for bit, name in zip(bits, names, strict=True):
        changed = flipped(data, bit)
        (root / name).write_bytes(changed)
        try:
            decode(changed, image, name)
        except BadPicture:
            continue
        unseen += 1
    rows = ((f"train/{name}", known) for name in [*names, "b/0.png"])
    manifest = folder / f"{kind}.csv"
    manifest.write_bytes(b"".join(manifest_csv(rows)))
    told = said(manifest, material(root, image), check)
    start = f"is not as the manifest says: {known.size} bytes with SHA-256 "
    found = {line.partition(": ")[0] for line in told if start in line}
    wrong = [f"{kind}: {name} was not found" for name in names if str(root / name) not in found]
    wrong += [f"{kind}: {line}" for line in told if start not in line]
    note = f"each found; without a manifest {unseen / len(names):.1%} of them pass"
    return figures(f"G10 bits of a {kind} of {len(data)} bytes", len(names), wrong, begun, note)


def said(manifest: Path, pictures: Material, check: Check = check_manifest) -> list[str]:
    """What a manifest is told against pictures, a line each."""
    try:
        check(str(manifest), pictures)
    except DataError as error:
        return [str(fault) for fault in error.faults]
    return []


def of_a_source(folder: Path, name: str, count: int, check: Check = check_manifest) -> Figures:
    """So many bits, any of the file that holds all pictures."""
    begun, (make, made), chance, wrong = time.perf_counter(), SOURCES[name], Random(f"{SEED} {name}"), list[str]()
    image = ImageConfig(made.pixels.shape[1:3], channels=3 if made.pixels.ndim == 4 else 1)
    source = make(folder / name, made)
    file = next(source.glob("*.bin")) if source.is_dir() else source
    data, manifest, before = file.read_bytes(), folder / f"{name}.csv", material(source, image)
    sums = ((before.name(place), Sum.of(before.read(place))) for place in range(len(before)))
    manifest.write_bytes(b"".join(manifest_csv(sums)))
    as_it_was, became = _all_of(before), Counter[str]()
    total = 8 * len(data)
    for bit in range(total) if count >= total else sorted(chance.sample(range(total), count)):
        file.unlink()
        file.write_bytes(flipped(data, bit))
        try:
            after = material(source, image)
        except DataError:
            became["refused"] += 1
            continue
        if said(manifest, after, check):
            became["found"] += 1
        elif _all_of(after) == as_it_was:
            became["without effect"] += 1
        elif [row[:2] for row in _all_of(after)] == [row[:2] for row in as_it_was]:
            became["in a label, which a manifest does not have"] += 1
        else:
            wrong.append(f"{name}: bit {bit} is not found")
    tried = became.total() + len(wrong)
    note = ", ".join(f"{many:,} {what}" for what, many in sorted(became.items()))
    return figures(f"G10 bits of a {name} of {len(data)} bytes", tried, wrong, begun, note)


def _all_of(pictures: Material) -> list[tuple[str, bytes, str]]:
    """Name, contents and label of each."""
    places = range(len(pictures))
    return [(pictures.name(place), bytes(pictures.read(place).sha256), pictures.label(place)) for place in places]


def of_a_fit(reference: Reference, folder: Path, count: int) -> Figures:
    """So many bits, any of any picture of a training that has a manifest: it ends before there is a run."""
    begun, wrong, chance = time.perf_counter(), list[str](), Random(SEED)
    manifest, pictures = folder / "fit.csv", sorted(path for path in reference.data.rglob("*") if path.is_file())
    rows = ((f"train/{path.relative_to(reference.data)}", Sum.of(Item(path.read_bytes()))) for path in pictures)
    manifest.write_bytes(b"".join(manifest_csv(rows)))

    def work() -> int:
        for number in range(count):
            path, run = chance.choice(pictures), folder / f"run-{number}"
            data = path.read_bytes()
            path.write_bytes(flipped(data, chance.randrange(8 * len(data))))
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
                code = reference.fit(run, "--set", f"data.manifest={manifest}")
            path.write_bytes(data)
            last = (err.getvalue().splitlines() or [""])[-1]
            if code != 3 or out.getvalue() or f"error: {path}: is not as the manifest says: " not in last:
                os.write(1, f"exit {code}: {last}\n".encode())
            elif run.exists():
                os.write(1, f"{run} is there\n".encode())
        return 0

    ending = forked(work, limit=5 * count)
    wrong += ending.out.splitlines() + ending.err.splitlines() + ([f"exit {ending.code}"] if ending.code else [])
    return figures("G10 bits of a picture of a fit", count, wrong, begun, "exit 3 with its path, and no run folder")


def goals(scale: float = 1.0) -> Iterator[Figures]:
    """The figures of G10."""
    with workplace_in_memory() as folder:
        for kind in PICTURES:
            yield of_a_picture(folder, kind, scale)
        for name in SOURCES:
            yield of_a_source(folder, name, scaled(IN_A_SOURCE, scale))
        yield of_a_fit(Reference(folder / "reference"), folder, scaled(FITS, scale))
