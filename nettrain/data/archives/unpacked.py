"""What packed bytes unpack to, read from any place, where that can be from states that were kept on the way.

Whoever reads on where somebody has stopped takes the state that was left there, so that several threads, each going
forward, unpack each byte once a thread. Going back is quick where states can be copied, every so many bytes.
"""

from __future__ import annotations

import bisect
import bz2
import lzma
import os
import threading
import zlib
from collections.abc import Callable
from typing import Protocol

from nettrain.data.spans import DamagedSource, Span, Stamp

PIECE = 1 << 15  # packed bytes that are read at a time
STEP = 1 << 18  # unpacked bytes that are made at a time
APART = 1 << 20  # unpacked bytes between two states that are kept, at first
MOST_KEPT = 256  # states of at most 80 KB; where there would be more, every second one goes
MOST_LEFT = max(16, os.cpu_count() or 1)  # places at which readers have stopped
XZ_MEMORY = 1 << 27  # bytes that unpacking an xz may take: more than its strongest setting needs
FREE = 1 << 30  # bytes that anything may unpack to,
MOST_TIMES = 200  # and beyond that so many times its size: what is larger was made to do harm


class Unpacker(Protocol):
    """The state of unpacking one stream."""

    @property
    def ended(self) -> bool: ...
    @property
    def rest(self) -> bytes:
        """What follows its end."""

    def unpack(self, data: bytes, most: int) -> bytes:
        """At most so many bytes more; with no ``data`` from what was given before."""

    def copy(self) -> Unpacker | None: ...


class Inflate:
    """Deflate: raw, or in a gzip file (``bits`` as zlib has them), which brings its own checksum."""

    def __init__(self, bits: int) -> None:
        self._state, self._waiting = zlib.decompressobj(bits), b""

    @property
    def ended(self) -> bool:
        return self._state.eof

    @property
    def rest(self) -> bytes:
        return self._state.unused_data

    def unpack(self, data: bytes, most: int) -> bytes:
        made = self._state.decompress(self._waiting + data, most)
        self._waiting = self._state.unconsumed_tail
        return made

    def copy(self) -> Inflate:
        other = object.__new__(Inflate)
        other._state, other._waiting = self._state.copy(), self._waiting
        return other


class Forward:
    """LZMA2 in an xz file, or blocks in a bzip2 file: both bring their own checksums, and a state that stays single."""

    def __init__(self, state: lzma.LZMADecompressor | bz2.BZ2Decompressor) -> None:
        self._state = state

    @property
    def ended(self) -> bool:
        return self._state.eof

    @property
    def rest(self) -> bytes:
        return self._state.unused_data

    def unpack(self, data: bytes, most: int) -> bytes:
        try:
            return self._state.decompress(data, most)
        except (lzma.LZMAError, OSError) as error:  # which is bzip2's for damage
            raise DamagedSource(f"is damaged: {error}") from error

    def copy(self) -> None:
        return None


KINDS: dict[str, Callable[[], Unpacker]] = {
    "gzip": lambda: Inflate(31),
    "deflate": lambda: Inflate(-15),
    "xz": lambda: Forward(lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)),
    "bzip2": lambda: Forward(bz2.BZ2Decompressor()),
}


class _Cursor:
    """A reader on its way: ``place`` unpacked bytes lie behind it, and ``taken`` packed ones."""

    def __init__(self, unpacker: Unpacker, place: int = 0, taken: int = 0) -> None:
        self.unpacker, self.place, self.taken = unpacker, place, taken

    def copy(self) -> _Cursor | None:
        unpacker = self.unpacker.copy()
        return None if unpacker is None else _Cursor(unpacker, self.place, self.taken)


class Unpacked:
    """The bytes that packed ones unpack to; ``size`` is found by unpacking all of them, unless it is known.

    Notes    several streams one after another count as one, with zeros between and after them passed over.
    """

    def __init__(self, packed: Span, kind: str, size: int | None = None) -> None:
        self._packed, self._make, self._size = packed, KINDS[kind], size
        self._lock = threading.Lock()
        self._kept = [_Cursor(self._make())]  # in the order of their places; never read from, only copied
        self._left: list[_Cursor] = []  # where readers have stopped, the longest ago first
        self._apart = APART

    @property
    def stamp(self) -> Stamp:
        return self._packed.stamp

    @property
    def size(self) -> int:
        if self._size is None:
            cursor = self._from(0)
            while self._step(cursor, STEP):
                pass
            self._size = cursor.place
        return self._size

    def read(self, length: int, place: int) -> bytes:
        cursor = self._from(place)
        while (ahead := place - cursor.place) > 0:
            if not self._step(cursor, min(ahead, STEP)):
                return b""
        pieces = []
        while length > 0 and (piece := self._step(cursor, min(length, STEP))):
            pieces.append(piece)
            length -= len(piece)
        with self._lock:
            self._left = [*self._left[-MOST_LEFT + 1 :], cursor]
        return b"".join(pieces)

    def _from(self, place: int) -> _Cursor:
        """A cursor at or before a place, the nearest that there is."""
        with self._lock:
            before = [cursor for cursor in self._left if cursor.place <= place]
            kept = self._kept[bisect.bisect_right(self._kept, place, key=lambda cursor: cursor.place) - 1]
            nearest = max(before, key=lambda cursor: cursor.place, default=None)
            if nearest is not None and nearest.place >= kept.place:
                self._left.remove(nearest)
                return nearest
            return kept.copy() or _Cursor(self._make())

    def _step(self, cursor: _Cursor, most: int) -> bytes:
        """Some more bytes, at most so many; none at the end.  Errors: DamagedSource."""
        try:
            made = b""
            while not made:
                if cursor.unpacker.ended and not self._next_stream(cursor):
                    return b""
                made = cursor.unpacker.unpack(b"", most)
                if not made and not cursor.unpacker.ended:
                    data = self._packed.read(PIECE, cursor.taken)
                    if not data:
                        raise DamagedSource("is cut off")
                    cursor.taken += len(data)
                    made = cursor.unpacker.unpack(data, most)
        except zlib.error as error:
            raise DamagedSource(f"is damaged: {error}") from error
        cursor.place += len(made)
        if cursor.place > max(FREE, MOST_TIMES * self._packed.size):
            raise DamagedSource(f"unpacks to more than {MOST_TIMES} times its size, so that it is not read")
        self._keep(cursor)
        return made

    def _next_stream(self, cursor: _Cursor) -> bool:
        """Go on with what follows a stream that has ended, if anything does."""
        data = cursor.unpacker.rest.lstrip(b"\0")
        while not data:
            data = self._packed.read(PIECE, cursor.taken)
            if not data:
                return False
            cursor.taken += len(data)
            data = data.lstrip(b"\0")
        cursor.taken -= len(data)
        cursor.unpacker = self._make()
        return True

    def _keep(self, cursor: _Cursor) -> None:
        """Keep a copy of a state that has come further than any before."""
        with self._lock:
            if cursor.place < self._kept[-1].place + self._apart or (copy := cursor.copy()) is None:
                return
            self._kept.append(copy)
            if len(self._kept) > MOST_KEPT:
                self._kept, self._apart = self._kept[::2], 2 * self._apart
