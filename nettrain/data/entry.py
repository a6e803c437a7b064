"""An entry of the cache: one file with the pixels of many pictures, and behind them an index of where they are from.

The pixels come first, so that they can be mapped; then the index: a line of JSON, the paths, and three arrays; last
its length and its SHA-256. Whoever opens an entry has a share in its file (``files.open_shared``) until the last use.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain import files

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

FORMAT = 1  # another number where decoding gives other pixels, or this file another form
MOST_IN_BLOCK = 16  # pictures that are written, hashed and checked together, if they are small
_BLOCK_BYTES = 1 << 20
_END = struct.Struct("<Q32s16s")  # length and SHA-256 of the index, and what kind of file this is
_MAGIC = b"nettrain-cache-%d" % FORMAT
_DIGEST = 32  # bytes
_STAMP = 3  # numbers that tell a changed file: size in bytes, times of its last change and of its inode's, in ns
_RESIDENT = 1 << 26  # bytes of a map that stay in this process's memory, at most about so many
_AROUND = 1 << 16  # bytes that Linux maps with the one that is read


class DamagedEntry(Exception):
    """A file in the cache that is not as it was written; the message says how that was seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Where the N pictures of an entry are from.

    Shapes   ``stamps (N,3) int64``; ``digests (N,32) uint8``, the SHA-256 of each file, zeros if it could not be read;
             ``blocks (B,32) uint8``, the SHA-256 of the pixels of every ``in_block`` pictures.
    Notes    ``reasons`` says of each bad picture, by its place, why it is one. ``made`` is what the pixels depend on
             beside the files: the root, the settings, versions.
    """

    made: dict[str, Any]
    shape: tuple[int, int, int]
    paths: tuple[str, ...]
    stamps: I64
    digests: U8
    blocks: U8
    reasons: dict[int, str]

    @property
    def pixel_bytes(self) -> int:
        height, width, channels = self.shape
        return len(self.paths) * height * width * channels

    def encode(self) -> bytes:
        """The end of an entry: all that follows its pixels."""
        paths = b"\0".join(path.encode("utf-8", "surrogateescape") for path in self.paths)
        reasons = {str(place): reason for place, reason in self.reasons.items()}
        head = {"made": self.made, "shape": self.shape, "paths": len(paths), "n": len(self.paths), "reasons": reasons}
        arrays = (self.stamps.astype("<i8").tobytes(), self.digests.tobytes(), self.blocks.tobytes())
        body = b"".join([json.dumps(head, sort_keys=True).encode(), b"\n", paths, *arrays])
        return body + _END.pack(len(body), hashlib.sha256(body).digest(), _MAGIC)


def read_index(handle: int) -> Index:
    """The index of an open entry. Errors: DamagedEntry; its pixels are not looked at."""
    size = os.fstat(handle).st_size
    end = os.pread(handle, _END.size, max(0, size - _END.size))
    if len(end) < _END.size or not end.endswith(_MAGIC):
        raise DamagedEntry("it is cut off, or no file of this version")
    length, digest, _ = _END.unpack(end)
    place = size - _END.size - length
    body = os.pread(handle, length, place) if place > 0 else b""
    if hashlib.sha256(body).digest() != digest:
        raise DamagedEntry("its index has changed")
    index = _decode(body)
    if index.pixel_bytes != place:
        raise DamagedEntry(f"it holds {place} bytes of pixels, where {index.pixel_bytes} were written")
    return index


def _decode(body: bytes) -> Index:
    line = body.index(b"\n")
    head = json.loads(body[:line])
    n, place = head["n"], line + 1 + head["paths"]
    paths = body[line + 1 : place].decode("utf-8", "surrogateescape").split("\0")
    stamps = np.frombuffer(body, "<i8", n * _STAMP, place)
    digests = np.frombuffer(body, np.uint8, n * _DIGEST, place + stamps.nbytes)
    blocks = np.frombuffer(body, np.uint8, offset=place + stamps.nbytes + digests.nbytes)
    reasons = {int(number): reason for number, reason in head["reasons"].items()}
    return Index(
        made=head["made"],
        shape=tuple(head["shape"]),
        paths=tuple(paths),
        stamps=stamps.reshape(n, _STAMP).astype(np.int64),
        digests=digests.reshape(n, _DIGEST),
        blocks=blocks.reshape(-1, _DIGEST),
        reasons=reasons,
    )


def in_block(picture_bytes: int) -> int:
    """How many pictures make a block, so that one takes little memory."""
    return max(1, min(MOST_IN_BLOCK, _BLOCK_BYTES // picture_bytes))


def stamp(path: str) -> tuple[int, int, int]:
    """What tells a changed file without reading it: its size, and when it and its inode were last changed.

    Errors   OSError, ValueError where there is no such file.
    """
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def block_digest(pixels: U8) -> U8:
    """The SHA-256 of the pixels of a block."""
    return np.frombuffer(hashlib.sha256(pixels.data).digest(), np.uint8)


def check_blocks(handle: int, index: Index, start: int, stop: int) -> None:
    """Compare pixels in the file with their digests, from one block to another. Errors: DamagedEntry.

    Notes    read, not mapped: then memory is that of one block.
    """
    picture = index.pixel_bytes // len(index.paths)
    block = picture * in_block(picture)
    for number in range(start, stop):
        found = os.pread(handle, min(block, index.pixel_bytes - number * block), number * block)
        if hashlib.sha256(found).digest() != index.blocks[number].tobytes():
            raise DamagedEntry(f"its pixels have changed, those of block {number} first")


class Mapped:
    """The pixels of an entry, (N,H,W,C) uint8, as they lie in its file; nobody can write to them.

    Notes    It has a share in the file as long as it lives, and takes it from ``handle``, which may be closed. What
             was read stays in the system's memory while there is room, but in this process's only up to a limit.
    """

    def __init__(self, handle: int, shape: tuple[int, ...]) -> None:
        count = int(np.prod(shape))
        self._map = mmap.mmap(handle, count, access=mmap.ACCESS_READ)
        self._pixels = np.frombuffer(self._map, np.uint8).reshape(shape)
        self._resident = 0
        self.nbytes = count

    def take(self, rows: I64, axis: int = 0) -> U8:
        """Pictures at these rows, as an array of its own."""
        out: U8 = self._pixels.take(rows, axis)
        self._resident += out.nbytes + len(rows) * _AROUND
        if self._resident > _RESIDENT and hasattr(mmap, "MADV_DONTNEED"):
            self._resident = 0
            self._map.madvise(mmap.MADV_DONTNEED)  # what is read again comes from the system's memory
        return out


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the cache as a person sees it: ``last_used`` is UTC; a damaged one has neither root nor pictures."""

    path: str
    bytes: int
    last_used: str
    root: str | None = None
    pictures: int | None = None
    shape: tuple[int, int, int] | None = None


def describe(paths: Iterable[str]) -> Iterator[Entry]:
    """Those of the entries that are there; only their indices are read."""
    for path in paths:
        if (handle := files.open_shared(path)) is None:
            continue
        try:
            status = os.fstat(handle)
            used = datetime.fromtimestamp(int(status.st_mtime), UTC).isoformat().replace("+00:00", "Z")
            try:
                index = read_index(handle)
            except DamagedEntry:
                yield Entry(path, status.st_size, used)
            else:
                yield Entry(path, status.st_size, used, index.made["root"], len(index.paths), index.shape)
        finally:
            os.close(handle)
