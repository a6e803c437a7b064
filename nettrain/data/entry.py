"""An entry of the cache: one file with the pixels of many pictures, and behind them an index of where they are from.

The pixels come first; then the index: a line of JSON, the paths, and three arrays; last its length and its SHA-256.
Whoever opens an entry has a share in its file (``files/shared.py``) until the last use.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import weakref
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.errors import EnvironmentFault
from nettrain.files.causes import fault
from nettrain.files.shared import open_shared

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]

FORMAT = 2  # another number where decoding gives other pixels, or this file another form
MOST_IN_BLOCK = 16  # pictures that are written, hashed and checked together, if they are small
_BLOCK_BYTES = 1 << 20
_END = struct.Struct("<Q32s16s")  # length and SHA-256 of the index, and what kind of file this is
_MAGIC = b"nettrain-cache-%d" % FORMAT
_DIGEST = 32  # bytes
_STAMP = 3  # numbers that tell a changed file: size in bytes, times of its last change and of its inode's, in ns


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
    shape: tuple[int, ...]
    paths: tuple[str, ...]
    stamps: I64
    digests: U8
    blocks: U8
    reasons: dict[int, str]

    @property
    def pixel_bytes(self) -> int:
        return len(self.paths) * math.prod(self.shape)

    def encode(self) -> bytes:
        """The end of an entry: all that follows its pixels."""
        paths = b"\0".join(path.encode("utf-8", "surrogateescape") for path in self.paths)
        reasons = {str(place): reason for place, reason in self.reasons.items()}
        head = {"made": self.made, "shape": self.shape, "paths": len(paths), "n": len(self.paths), "reasons": reasons}
        arrays = (self.stamps.astype("<i8").tobytes(), self.digests.tobytes(), self.blocks.tobytes())
        body = b"".join([json.dumps(head, sort_keys=True).encode(), b"\n", paths, *arrays])
        return body + _END.pack(len(body), hashlib.sha256(body).digest(), _MAGIC)


def read_index(path: str, handle: int) -> Index:
    """The index of an open entry. Errors: DamagedEntry, EnvironmentFault; its pixels are not looked at."""
    size = os.fstat(handle).st_size
    end = _read(path, handle, _END.size, max(0, size - _END.size))
    if len(end) < _END.size or not end.endswith(_MAGIC):
        raise DamagedEntry("it is cut off, or no file of this version")
    length, digest, _ = _END.unpack(end)
    place = size - _END.size - length
    body = _read(path, handle, length, place) if place > 0 else b""
    if hashlib.sha256(body).digest() != digest:
        raise DamagedEntry("its index has changed")
    index = _decode(body)
    if index.pixel_bytes != place:
        raise DamagedEntry(f"it holds {place} bytes of pixels, where {index.pixel_bytes} were written")
    return index


def _read(path: str, handle: int, length: int, place: int) -> bytes:
    """So many bytes from a place in an open file; fewer where it ends. Errors: EnvironmentFault."""
    try:
        return os.pread(handle, length, place)
    except OSError as error:
        raise fault(path, "read", error) from error


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


def block_digest(pixels: U8) -> U8:
    """The SHA-256 of the pixels of a block."""
    return np.frombuffer(hashlib.sha256(pixels.data).digest(), np.uint8)


def check_blocks(path: str, handle: int, index: Index, start: int, stop: int, sums: U32) -> None:
    """Compare pixels in the file with their digests, from one block to another. Errors: DamagedEntry.

    Notes    puts the checksum of each picture into ``sums (N,)``. Memory is that of one block.
    """
    picture = index.pixel_bytes // len(index.paths)
    rows = in_block(picture)
    block = rows * picture
    for number in range(start, stop):
        found = _read(path, handle, min(block, index.pixel_bytes - number * block), number * block)
        if hashlib.sha256(found).digest() != index.blocks[number].tobytes():
            raise DamagedEntry(f"its pixels have changed, those of block {number} first")
        whole = memoryview(found)
        for row, place in zip(count(number * rows), range(0, len(found), picture), strict=False):
            sums[row] = checksum(whole[place : place + picture])


def checksum(pixels: memoryview | bytes) -> int:
    """The CRC-32 of a picture: not against malice, but a twentieth of the time of its SHA-256 at every use."""
    return zlib.crc32(pixels)


class Stored:
    """The pixels of an entry, (N,H,W,C) uint8, read from its file as they are needed; ``sums (N,)`` are theirs.

    Notes    It has a share in the file as long as it lives, and takes it from ``handle``, which may be closed. What
             was read stays in the system's memory while there is room. Not mapped: a map of a file that another
             process cuts off, or of a disk that fails, would end this one with a signal.
    """

    def __init__(self, path: str, handle: int, shape: tuple[int, ...], sums: U32) -> None:
        self._path, self._shape, self._sums = path, shape, sums
        try:
            self._handle = os.dup(handle)
        except OSError as error:
            raise fault(path, "read", error) from error
        weakref.finalize(self, os.close, self._handle)

    def take(self, rows: I64, axis: int = 0) -> U8:
        """Pictures at these rows, as an array of its own.

        Errors   EnvironmentFault if one is no longer what it was when the entry was opened.
        """
        out = np.empty((len(rows), *self._shape), np.uint8)
        pixels, size = out.reshape(-1).data, int(np.prod(self._shape))
        for place, row in enumerate(rows.tolist()):
            found = _read(self._path, self._handle, size, row * size)
            if checksum(found) != self._sums[row]:
                how = "changed" if len(found) == size else "been cut off"
                what = f"these decoded pictures have {how} while they were in use, number {row} first"
                cure = "do the same again, or resume the run: they are then decoded anew"
                raise EnvironmentFault(f"{what}; {cure}", self._path)
            pixels[place * size : (place + 1) * size] = found
        return out


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the cache as a person sees it: ``last_used`` is UTC; one with a ``fault`` has no root or pictures."""

    path: str
    bytes: int
    last_used: str
    root: str | None = None
    pictures: int | None = None
    shape: tuple[int, ...] | None = None
    fault: str = ""


def describe(paths: Iterable[str]) -> Iterator[Entry]:
    """Those of the entries that are there; only their indices are read."""
    for path in paths:
        try:
            handle = open_shared(path)
        except EnvironmentFault as error:
            if not isinstance(error.__cause__, PermissionError):
                raise
            status = os.stat(path)
            yield Entry(path, status.st_size, _last_used(status), fault="cannot be read")
            continue
        if handle is None:
            continue
        try:
            status = os.fstat(handle)
            used = _last_used(status)
            try:
                index = read_index(path, handle)
            except DamagedEntry as damage:
                yield Entry(path, status.st_size, used, fault=str(damage))
            else:
                yield Entry(path, status.st_size, used, index.made["root"], len(index.paths), index.shape)
        finally:
            os.close(handle)


def _last_used(status: os.stat_result) -> str:
    return datetime.fromtimestamp(int(status.st_mtime), UTC).isoformat().replace("+00:00", "Z")
