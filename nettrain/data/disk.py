"""The disk cache: decoded pictures in a file in the user's cache folder, remembered from one run to the next.

An entry belongs to a source of pictures and to all that decides their pixels: settings and versions. A picture in it
is used if its file has the same size and times as when it was decoded, or else still the same SHA-256. If any picture
that is wanted is not there, a new entry takes the place of the old one; what the old one had is copied.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import PIL
from PIL import features

from nettrain import files
from nettrain.config.words import megabytes, some
from nettrain.data.bad_picture import BadPicture
from nettrain.data.cache_folder import (
    SUFFIX,
    advised,
    cache_folder,
    check_writable,
    cure,
    nearest,
    refuse_inside,
    sweep,
)
from nettrain.data.caps import most_bytes
from nettrain.data.config import ImageConfig
from nettrain.data.decoding import Decoded, Progress, counted, each
from nettrain.data.entry import (
    FORMAT,
    DamagedEntry,
    Index,
    Stored,
    block_digest,
    check_blocks,
    checksum,
    in_block,
    read_index,
)
from nettrain.data.reader import Reader
from nettrain.data.tree import NO_STAMP
from nettrain.errors import EnvironmentFault

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
CHECKED = 64  # blocks that one task compares
SPARE = 4096  # bytes of an index, beside about so many a picture
INDEXED = 200


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """Pictures of a source in the cache: ``found`` and ``rows (N,)`` of ``pixels`` go by the place among the names."""

    found: Decoded
    pixels: Stored
    rows: I64
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Old:
    """An entry that is there, compared with the files: what it has by their places, and when that held."""

    pixels: Stored
    rows: dict[int, int]
    stamps: dict[int, tuple[int, ...]]
    found: Decoded
    touched: list[int]  # places whose file has another size or time than the entry says, but the same bytes


def remembered(
    reader: Reader, names: Sequence[str], image: ImageConfig, workers: int, progress: Progress | None = None
) -> Remembered:
    """The pictures with these names, out of the cache; what is not there is decoded, in this order, and put there.

    Errors   EnvironmentFault: no cache folder, one in the data folder or that cannot be used, a disk without room.
    Notes    bad pictures are among the results, each with its reason; nothing depends on what the cache held before.
    """
    path, made = entry_path(reader, image), _made(reader, image)
    folder = os.path.dirname(path)
    refuse_inside(folder, reader.holding(names))
    if not os.path.exists(path):
        check_writable(folder)
    notes: list[str] = []
    old = None
    try:
        with advised():
            old = _open(path, reader, names, image, workers)
    except DamagedEntry as damage:
        notes.append(f"{path}: this cache of decoded pictures is damaged: {damage}; it is made anew")
    size = f"{some(len(names), 'picture')}, {megabytes(picture_bytes(len(names), image))}"
    if old is not None and len(old.rows) == len(names) and not old.touched:  # else each run would hash those again
        rows = np.array([old.rows[place] for place in range(len(names))], np.int64)
        notes.append(f"data.cache: {size}, decoded by an earlier run: {path}")
        return Remembered(old.found, old.pixels, rows, tuple(notes))
    check_writable(folder)
    with advised():
        files.make_folder(folder)
        sweep(folder)
        check_room(folder, len(names), picture_bytes(len(names), image))
        found, pixels = _build(path, made, reader, names, image, old, workers, progress)
    notes.append(f"data.cache: {size}{_origin(len(names), old)}: {path}")
    return Remembered(found, pixels, np.arange(len(names)), tuple(notes))


def _origin(total: int, old: _Old | None) -> str:
    """Where the pictures of a new entry are from."""
    known = 0 if old is None else len(old.rows)
    if known == total:
        return ", decoded by an earlier run"
    return f": {total - known} decoded, {known} from an earlier run" if known else ", kept for later runs"


def entry_path(reader: Reader, image: ImageConfig) -> str:
    """Where the pictures of a source lie, decoded so, whether they are there yet or not."""
    name = hashlib.sha256(json.dumps(_made(reader, image), sort_keys=True).encode()).hexdigest()[:24]
    return os.path.join(cache_folder(), name + SUFFIX)


def picture_bytes(total: int, image: ImageConfig) -> int:
    """Bytes of so many decoded pictures."""
    return total * math.prod(image.shape)


def check_room(folder: str, total: int, pixels: int) -> None:
    """Refuse a cache that the disk has no room for: of so many pictures, whose pixels take so many bytes.

    Errors   EnvironmentFault with the bytes it takes.
    """
    needed, free = pixels + INDEXED * total + SPARE, _free(nearest(folder))
    if needed > free:
        raise _full(folder, needed, f"{megabytes(free)} are free")


def _free(folder: str) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _full(path: str, needed: int, why: str) -> EnvironmentFault:
    what = f"data.cache: the decoded pictures take {megabytes(needed)}, but {why}"
    advice = f"free some space, {cure('to a folder on another disk')}, or set data.cache: none"
    return EnvironmentFault(f"{what}; {advice}", path)


def _made(reader: Reader, image: ImageConfig) -> dict[str, object]:
    """All that decides the pixels beside the files."""
    decoders = [PIL.__version__, features.version("jpg"), features.version("webp")]
    root, parts = os.path.abspath(reader.root), [os.path.abspath(part) for part in reader.parts]
    made = {"format": FORMAT, "root": root, "image": asdict(image), "decoders": decoders}
    return made if parts == [root] else {**made, "parts": parts}


def _open(path: str, reader: Reader, names: Sequence[str], image: ImageConfig, workers: int) -> _Old | None:
    """The entry that is there, compared with the files as they are now. Errors: DamagedEntry."""
    if (handle := files.open_shared(path)) is None:
        return None
    try:
        index = read_index(path, handle)
        blocks, sums = len(index.blocks), np.empty(len(index.paths), np.uint32)

        def check(start: int) -> int:
            check_blocks(path, handle, index, start, min(start + CHECKED, blocks), sums)
            return 0

        for _ in each(check, range(0, blocks, CHECKED), workers):
            pass
        pixels = Stored(path, handle, index.shape, sums)
        files.mark_used(handle)
    finally:
        os.close(handle)
    return _compare(index, pixels, reader, names, image)


def _compare(index: Index, pixels: Stored, reader: Reader, names: Sequence[str], image: ImageConfig) -> _Old:
    """Which pictures an entry has as they are now."""
    places = {name: row for row, name in enumerate(index.paths)}
    stamps = index.stamps.tolist()
    old = _Old(pixels, {}, {}, Decoded(len(names)), [])
    for place, name in enumerate(names):
        if (row := places.get(name)) is None:
            continue
        digest, reason, now = index.digests[row], index.reasons.get(row), reader.stamp(name)
        if not digest.any() or [*now] != stamps[row]:
            try:  # then its bytes decide
                if (reader.read(name, most_bytes(image)).sha256 != digest).any():
                    continue
            except BadPicture as problem:  # it has no pixels now, whatever it had
                digest, reason = np.zeros_like(digest), problem.reason
        if [*now] != stamps[row]:
            old.touched.append(place)
        old.rows[place], old.stamps[place], old.found.digests[place] = row, now, digest
        if reason is not None:
            old.found.reasons[place] = reason
    return old


def _build(
    path: str,
    made: dict[str, object],
    reader: Reader,
    names: Sequence[str],
    image: ImageConfig,
    old: _Old | None,
    workers: int,
    progress: Progress | None,
) -> tuple[Decoded, Stored]:
    """Decode what is missing, copy the rest, and put a new entry under its name."""
    total, shape = len(names), image.shape
    size = picture_bytes(1, image)
    step = in_block(size)
    found = Decoded(total)
    stamps = np.full((total, len(NO_STAMP)), -1, np.int64)
    sums = np.empty(total, np.uint32)
    blocks = np.empty((-(-total // step), 32), np.uint8)
    with files.Draft(path, held=True) as draft:

        def block(start: int) -> int:
            stop = min(start + step, total)
            pixels = np.zeros((stop - start, *shape), np.uint8)
            for place in range(start, stop):
                if old is not None and place in old.rows:
                    stamps[place] = old.stamps[place]
                    found.copy(place, old.found, place)
                    pixels[place - start] = old.pixels.take(np.array([old.rows[place]]))[0]
                    continue
                stamps[place] = reader.stamp(names[place])  # before it is read: a change after is noticed the next time
                if (picture := found.one(place, reader, names[place], image)) is not None:
                    pixels[place - start] = picture
            sums[start:stop] = [checksum(picture.data) for picture in pixels]
            draft.write_at(pixels.data, start * size)
            blocks[start // step] = block_digest(pixels)
            return stop - start

        try:
            counted(block, range(0, total, step), workers, total, progress)
            index = Index(made, shape, tuple(names), stamps, found.digests, blocks, found.reasons)
            end = index.encode()
            draft.write_at(end, index.pixel_bytes)
            pixels = Stored(path, draft.handle, shape, sums)
            draft.keep()
        except EnvironmentFault as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _full(path, total * (size + INDEXED) + SPARE, "the disk is full") from error
            raise
    return found, pixels
