"""The disk cache: decoded pictures in a file in the user's cache folder, remembered from one run to the next.

An entry belongs to a source of pictures and to all that decides their pixels: settings and versions. A picture in it
is used if its file has the same size and times as when it was decoded, or else still the same SHA-256. If any picture
that is wanted is not there, a new entry takes the place of the old one; what the old one had is copied, also pictures
that are not wanted now, if their files are as they were and the disk has room: another seed, which divides them
otherwise, may want them again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import PIL
from PIL import features

from nettrain.config.words import megabytes, some
from nettrain.data.bad_picture import BadPicture
from nettrain.data.cache_folder import (
    SUFFIX,
    advised,
    cache_folder,
    check_writable,
    refuse_inside,
    sweep,
)
from nettrain.data.cache_room import check_room, entry_bytes, full, has_room, picture_bytes
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
from nettrain.files.folders import make_folder
from nettrain.files.shared import mark_used, open_shared
from nettrain.files.whole import Draft

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
CHECKED = 64  # blocks that one task compares


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
    spare: list[str]  # pictures that are not wanted now, but as they were; their places come after the others


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
    known = 0 if old is None else sum(place < len(names) for place in old.rows)
    if old is not None and known == len(names) and not old.touched:  # else each run would hash those again
        rows = np.array([old.rows[place] for place in range(len(names))], np.int64)
        notes.append(f"data.cache: {size}, decoded by an earlier run: {path}")
        return Remembered(old.found, old.pixels, rows, tuple(notes))
    check_writable(folder)
    with advised():
        make_folder(folder)
        sweep(folder)
        check_room(folder, len(names), picture_bytes(len(names), image))
        wanted = [*names, *([] if old is None else old.spare)]
        if not has_room(folder, len(wanted), picture_bytes(len(wanted), image)):
            wanted = list(names)
        found, pixels = _build(path, made, reader, wanted, image, old, workers, progress)
    notes.append(f"data.cache: {size}{_origin(len(names), known)}: {path}")
    return Remembered(found, pixels, np.arange(len(names)), tuple(notes))


def _origin(total: int, known: int) -> str:
    """Where the pictures of a new entry are from."""
    if known == total:
        return ", decoded by an earlier run"
    return f": {total - known} decoded, {known} from an earlier run" if known else ", kept for later runs"


def entry_path(reader: Reader, image: ImageConfig) -> str:
    """Where the pictures of a source lie, decoded so, whether they are there yet or not."""
    name = hashlib.sha256(json.dumps(_made(reader, image), sort_keys=True).encode()).hexdigest()[:24]
    return os.path.join(cache_folder(), name + SUFFIX)


def _made(reader: Reader, image: ImageConfig) -> dict[str, object]:
    """All that decides the pixels beside the files."""
    decoders = [PIL.__version__, features.version("jpg"), features.version("webp")]
    root, parts = os.path.abspath(reader.root), [os.path.abspath(part) for part in reader.parts]
    made = {"format": FORMAT, "root": root, "image": asdict(image), "decoders": decoders}
    return made if parts == [root] else {**made, "parts": parts}


def _open(path: str, reader: Reader, names: Sequence[str], image: ImageConfig, workers: int) -> _Old | None:
    """The entry that is there, compared with the files as they are now. Errors: DamagedEntry."""
    if (handle := open_shared(path)) is None:
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
        mark_used(handle)
    finally:
        os.close(handle)
    return _compare(index, pixels, reader, names, image)


def _compare(index: Index, pixels: Stored, reader: Reader, names: Sequence[str], image: ImageConfig) -> _Old:
    """Which pictures an entry has as they are now."""
    places = {name: row for row, name in enumerate(index.paths)}
    stamps = index.stamps.tolist()
    others = [name for name in places.keys() - set(names) if index.digests[places[name]].any()]
    spare = sorted(name for name in others if [*reader.stamp(name)] == stamps[places[name]])
    old = _Old(pixels, {}, {}, Decoded(len(names) + len(spare)), [], spare)
    for place, name in enumerate([*names, *spare]):
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
    with Draft(path, held=True) as draft:

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
                raise full(path, entry_bytes(total, total * size), "the disk is full") from error
            raise
    return found, pixels
