"""The manifest of a data set: size and SHA-256 of every picture, written once, and compared with what is there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from nettrain.config.words import shown
from nettrain.data.bad_picture import BadPicture
from nettrain.data.decoding import CHUNK, counted
from nettrain.data.doctor.material import Material
from nettrain.data.reader import Item
from nettrain.data.split_csv import meant, written
from nettrain.errors import DataError, Fault, Place

COLUMNS = ["source", "path", "size", "sha256"]
SOURCES = ("train", "val", "test")
_SIZE, _SHA256 = re.compile(r"0|[1-9][0-9]{0,17}"), re.compile(r"[0-9a-f]{64}")
_SHOWN_DIGITS = 12
_PIECE = 1 << 16  # characters that are written at a time
_AGAIN = "write it anew with: nettrain doctor CONFIG --write-manifest FILE"


class Sum(NamedTuple):
    """What a picture is known by: its size in bytes as it lies in its source, and its SHA-256."""

    size: int
    sha256: bytes

    @classmethod
    def of(cls, item: Item) -> Self:
        return cls(len(item.data), item.sha256.tobytes())

    def __str__(self) -> str:
        return f"{self.size} bytes with SHA-256 {self.sha256.hex()[:_SHOWN_DIGITS]}..."


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """The sums of a data set by name, as ``Material`` has it; ``path`` is that of the file."""

    path: str
    sums: dict[str, Sum] = field(repr=False)

    def lists(self, source: str) -> bool:
        """Whether there is any picture of ``train``, ``val`` or ``test`` in it."""
        return any(name.startswith(f"{source}/") for name in self.sums)

    def missing(self, material: Material) -> list[str]:
        """The names in it that are not among the pictures, of those sources that the pictures are of."""
        wanted = tuple(f"{source}/" for source in material.sources)
        lost = {name for name in self.sums if name.startswith(wanted)}
        for place in range(len(material)):
            lost.discard(material.name(place))
        return sorted(lost)


def manifest_csv(rows: Iterable[tuple[str, Sum]]) -> Iterator[bytes]:
    """The file of a manifest, a line for each name and sum, in pieces."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for name, known in rows:
        source, _, path = name.partition("/")
        lines.writerow([source, written(path), known.size, known.sha256.hex()])
        if text.tell() > _PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def read_manifest(path: str) -> Manifest:
    """The manifest in a file.

    Errors   DataError at the line: no such file, another header, a row that is none, a picture that stands twice.
    """
    sums: dict[str, Sum] = {}
    try:
        with open(path, encoding="utf-8", newline="") as file:
            lines = csv.reader(file, strict=True)
            if next(lines, None) != COLUMNS:
                raise DataError(f"is no manifest; expected the first line {','.join(COLUMNS)}", Place(path, 1, 1))
            for cells in lines:
                name, known = _row(cells, Place(path, lines.line_num, 1))
                if name in sums:
                    raise DataError(f"{shown(name)} stands there twice", Place(path, lines.line_num, 1))
                sums[name] = known
    except UnicodeDecodeError as error:
        raise DataError(f"is not UTF-8 ({error.reason} at byte {error.start}); {_AGAIN}", path) from None
    except csv.Error as error:
        raise DataError(f"is not CSV: {error}", Place(path, lines.line_num, 1)) from None
    except OSError as error:
        raise DataError(f"cannot read the manifest: {error.strerror}", path) from error
    return Manifest(path, sums)


def _row(cells: Sequence[str], where: Place) -> tuple[str, Sum]:
    if (
        len(cells) != len(COLUMNS)
        or cells[0] not in SOURCES
        or not _SIZE.fullmatch(cells[2])
        or not _SHA256.fullmatch(cells[3])
    ):
        message = "expected train, val or test, a path, a size in bytes and a SHA-256 of 64 digits"
        raise DataError(f"{message}, got {shown(','.join(cells))}", where)
    return f"{cells[0]}/{meant(cells[1])}", Sum(int(cells[2]), bytes.fromhex(cells[3]))


def check_manifest(
    path: str,
    material: Material,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    whole: Material | None = None,
) -> None:
    """Read every picture, and compare it with a manifest; what is only part of the ``whole`` is not missing.

    Errors   DataError, those of ``read_manifest``, or one fault a picture: it has changed, cannot be read, is not
             there any more, or has come since.
    """
    manifest, total = read_manifest(path), len(material)
    if strange := [source for source in material.sources if not manifest.lists(source)]:
        message = "lists no picture of data.{}; " + _AGAIN
        raise DataError(faults=[Fault(message.format(source), path) for source in strange])
    faults: dict[int, Fault] = {}
    order = material.ordered()

    def chunk(start: int) -> int:
        places = order[start : start + CHUNK].tolist()
        for place in places:
            if wrong := _difference(manifest.sums.get(material.name(place)), material, place):
                faults[place] = Fault(wrong, material.path(place))
        return len(places)

    counted(chunk, range(0, total, CHUNK), workers, total, progress)
    lost = [
        Fault(f"{shown(name)} is in the manifest, but no longer there", path)
        for name in manifest.missing(whole or material)
    ]
    if found := [*(faults[place] for place in sorted(faults)), *lost]:
        raise DataError(faults=found)


def _difference(expected: Sum | None, material: Material, place: int) -> str:
    """How a picture differs from the manifest, if it does."""
    if expected is None:
        return "is not in the manifest"
    try:
        there = Sum.of(material.read(place))
    except BadPicture as problem:
        return problem.reason
    return "" if there == expected else words(there, expected)


def words(there: Sum, expected: Sum) -> str:
    """How a file that has changed differs."""
    return f"is not as the manifest says: {there}; expected {expected}"
