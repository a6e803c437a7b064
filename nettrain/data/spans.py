"""Bytes that lie somewhere, read from any place in them: an open file, or a part of one."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from typing import Protocol

from nettrain.data.reading import open_file, read_at

Stamp = tuple[int, int, int]  # what tells a changed file without reading it: bytes, times of its and its inode's change


class DamagedSource(Exception):
    """Bytes that are not what their file says they are; the message says how that was seen."""


class Span(Protocol):
    """Bytes 0 .. ``size`` of something; any thread may read them, several at once.

    ``stamp`` is that of the file that they lie in, as it is now.
    """

    @property
    def size(self) -> int: ...
    @property
    def stamp(self) -> Stamp: ...

    def read(self, length: int, place: int) -> bytes:
        """So many bytes from a place on, fewer where they end.

        Errors   EnvironmentFault; DamagedSource for what is packed and cannot be unpacked.
        """


class OpenFile:
    """A regular file that stays open as long as this lives: the same one, whatever becomes of its name.

    Errors   BadPicture: not there, not a file, no permission. EnvironmentFault.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._handle, status = open_file(path)
        weakref.finalize(self, os.close, self._handle)
        self.size = status.st_size

    @property
    def stamp(self) -> Stamp:
        status = os.fstat(self._handle)
        return status.st_size, status.st_mtime_ns, status.st_ctime_ns

    def read(self, length: int, place: int) -> bytes:
        return read_at(self.path, self._handle, length, place)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of other bytes: ``size`` of them, from ``start`` on."""

    whole: Span
    start: int
    size: int

    @property
    def stamp(self) -> Stamp:
        return self.whole.stamp

    def read(self, length: int, place: int) -> bytes:
        return self.whole.read(max(0, min(length, self.size - place)), self.start + place)
