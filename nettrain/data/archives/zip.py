"""A zip archive: its directory at the end is read once, its members each with one call, by any thread.

Source   PKWARE, ".ZIP File Format Specification", 6.3.10; section 4.3 for the records, 4.5.3 for files above 4 GiB.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from nettrain.config.words import shown
from nettrain.data.archives.archive import I64, Archive, Member
from nettrain.data.archives.unpacked import FREE, MOST_TIMES, STEP, Unpacked
from nettrain.data.spans import DamagedSource, Part, Span
from nettrain.errors import DataError

_END = struct.Struct("<4s4H2LH")  # of the directory: signature, disks, entries, bytes, place, length of a comment
_LOCATOR = struct.Struct("<4sLQL")
_LARGE_END = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MOST_COMMENT = 0xFFFF
_LARGE = 0xFFFFFFFF  # stands for a number in the extra field
_MOST = 1 << 62  # bytes that anything could have
_UNIX, _DOS = 3, 0  # systems that a member comes from
_ENCRYPTED, _UTF8 = 0x2041, 0x800  # flags
STORED, DEFLATED = 0, 8
METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
SLACK = 512  # bytes that a member's own header has at most, mostly
START, PACKED, SIZE, CRC, METHOD = range(5)  # the numbers of a member


class Zip(Archive):
    """Members stored or deflated, each with its CRC-32."""

    what = "zip archive"
    content = "a ZIP archive"

    def _members(self) -> Iterator[Member]:
        data, shift = self._directory()
        place = 0
        while place < len(data):
            if data[place : place + 4] != b"PK\1\2" or place + _ENTRY.size > len(data):
                raise DamagedSource("is damaged: its directory does not list its members")
            (_, made_by, _, flags, method, _, _, crc, packed, size, *lengths, _, _, mode, start) = _ENTRY.unpack_from(
                data, place
            )
            named, extra, comment = lengths[:3]
            after = place + _ENTRY.size + named
            name = _name(data[place + _ENTRY.size : after], flags, made_by >> 8)
            if _LARGE in (size, packed, start):
                size, packed, start = _large(data[after : after + extra], size, packed, start)
            place = after + extra + comment
            if start + shift + packed > self._file.size or size > _MOST:
                raise DamagedSource(f"is damaged: its member {shown(name)} lies out of it")
            mode = mode >> 16 if made_by >> 8 == _UNIX else 0
            yield Member(name, (start + shift, packed, size, crc, method), _wrong(name, flags, method, mode))

    def _directory(self) -> tuple[bytes, int]:
        """The bytes of the directory, and how many bytes lie before the archive, which its places do not count."""
        tail_start = max(0, self._file.size - _MOST_COMMENT - _END.size)
        tail = self._file.read(self._file.size - tail_start, tail_start)
        place = tail.rfind(b"PK\5\6")
        while place >= 0 and place + _END.size + int.from_bytes(tail[place + 20 : place + 22], "little") > len(tail):
            place = tail.rfind(b"PK\5\6", 0, place)
        if place < 0 or place + _END.size > len(tail):
            raise DamagedSource("is no zip archive, or cut off: it has no directory at its end")
        _, disk, first, _, _, size, start, _ = _END.unpack_from(tail, place)
        disk, first, size, start, end = self._large_end(tail_start + place, (disk, first, size, start))
        if disk or first:
            raise DamagedSource("is one of several parts")
        if end - size - start < 0:
            raise DamagedSource("is damaged: its directory is not where it says")
        return self._file.read(size, end - size), end - size - start

    def _large_end(self, end: int, plain: tuple[int, int, int, int]) -> tuple[int, int, int, int, int]:
        """(disk, first disk, bytes, place, end) of the directory, by the record for large archives if it is there."""
        found = self._file.read(_LOCATOR.size, max(0, end - _LOCATOR.size))
        if not found.startswith(b"PK\6\7") or len(found) < _LOCATOR.size:
            return (*plain, end)
        at = end - _LOCATOR.size - _LARGE_END.size
        found = self._file.read(_LARGE_END.size, max(0, at))
        if not found.startswith(b"PK\6\6") or len(found) < _LARGE_END.size:
            raise DamagedSource("is damaged: the record of its size is not where it says")
        _, _, _, _, disk, first, _, _, size, start = _LARGE_END.unpack(found)
        return disk, first, size, start, at

    def _check(self, wrong: list[Member]) -> None:
        super()._check(wrong)
        if not self._names:
            return
        files = self._numbers[self._numbers[:, START].argsort(kind="stable")]
        if (files[:-1, START] + _LOCAL.size + files[:-1, PACKED] > files[1:, START]).any():
            raise DataError("its members lie over one another; expected each in a place of its own", self._path)
        if files[:, SIZE].sum(dtype=np.float64) > max(FREE, MOST_TIMES * self._file.size):
            raise DataError(f"unpacks to more than {MOST_TIMES} times its size, so that it is not read", self._path)

    def _size(self, place: int) -> int:
        packed, size = self._numbers[place, [PACKED, SIZE]].tolist()
        return int(max(size, packed - SLACK))  # what cannot be packed is a little more than before

    def _starts(self) -> I64:
        return self._numbers[:, START]

    def _read(self, place: int) -> bytes:
        start, packed, size, crc, method = self._numbers[place].tolist()
        found = self._file.read(_LOCAL.size + SLACK + packed, start)
        head = _head(found)
        data = found[head : head + packed]
        if head + packed > len(found):
            data += self._file.read(packed - len(data), start + head + len(data))
        if method == DEFLATED:
            state = zlib.decompressobj(-15)
            try:
                data = state.decompress(data, size + 1)
            except zlib.error as error:
                raise DamagedSource(f"is damaged: {error}") from error
            if len(data) > size or not state.eof:
                raise DamagedSource(f"is damaged: it does not unpack to the {size} bytes that it should")
        _compare(len(data), zlib.crc32(data), size, crc)
        return data

    def _span(self, place: int) -> Span:
        start, packed, size, crc, method = self._numbers[place].tolist()
        inside = Part(self._file, start + _head(self._file.read(_LOCAL.size, start)), packed)
        span = inside if method == STORED else Unpacked(inside, "deflate", size)
        there = found = 0
        while there <= size and (data := span.read(STEP, there)):
            there, found = there + len(data), zlib.crc32(data, found)
        _compare(there, found, size, crc)
        return span


def _compare(there: int, found: int, size: int, crc: int) -> None:
    """Errors: DamagedSource if so many bytes with this CRC-32 are not those of the directory."""
    if there < size:
        raise DamagedSource(f"is cut off: {there} of {size} bytes are there")
    if (there, found) != (size, crc):
        raise DamagedSource("is damaged: its CRC-32 is another one")


def _head(data: bytes) -> int:
    """How long the header is that a member begins with."""
    if len(data) < _LOCAL.size or not data.startswith(b"PK\3\4"):
        raise DamagedSource("is damaged: it is not where the directory says")
    *_, named, extra = _LOCAL.unpack_from(data)
    return int(_LOCAL.size + named + extra)


def _name(data: bytes, flags: int, system: int) -> str:
    """A member's name: UTF-8, whether it says so or not, else of code page 437; ``\\`` parts folders on DOS."""
    try:
        name = data.decode()
    except UnicodeDecodeError:
        name = data.decode("utf-8", "surrogateescape") if flags & _UTF8 else data.decode("cp437")
    return name.replace("\\", "/") if system == _DOS else name


def _large(extra: bytes, *plain: int) -> tuple[int, ...]:
    """Numbers of a member, those that are too large for their place out of its extra field."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            body = extra[place + 4 : place + 4 + length]
            found = iter(struct.unpack_from(f"<{len(body) // 8}Q", body))
            return tuple(next(found, number) if number == _LARGE else number for number in plain)
        place += 4 + length
    return plain


def _wrong(name: str, flags: int, method: int, mode: int) -> str:
    """Why a member cannot be read, if so."""
    if stat.S_ISLNK(mode):
        return "is a link; pack the file itself"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a device or pipe; expected files and folders alone"
    if name.endswith("/"):
        return ""
    if flags & _ENCRYPTED:
        return "is encrypted; expected an archive without a password"
    if method not in (STORED, DEFLATED):
        how = METHODS.get(method, f"method {method}")
        return f"is packed by {how}; expected what every zip program can read, stored or deflated"
    return ""
