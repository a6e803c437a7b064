"""A tar archive, plain or packed: its headers are walked through once, its members are read from their places.

Source   IEEE Std 1003.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; the GNU tar manual, "Basic Tar
         Format", for long names (L) and numbers in base 256.
"""

from __future__ import annotations

from collections.abc import Iterator

from nettrain.data.archives.archive import I64, Archive, Member
from nettrain.data.archives.unpacked import STEP, Unpacked
from nettrain.data.spans import DamagedSource, Part, Span

BLOCK = 512
MOST_HEADER = 1 << 20  # bytes of a long name, or of a list of keywords
START, SIZE = range(2)  # the numbers of a member
_MOST = 1 << 62  # bytes that anything could have
_NO_SIZE = "is damaged: it has a member without a size"
_FILES, _FOLDERS = b"0\x007", b"5D"
_WRONG = {
    b"1": "is a link; pack the file itself (tar --hard-dereference)",
    b"2": "is a link; pack the file itself (tar --dereference)",
    b"3": "is a device; expected files and folders alone",
    b"4": "is a device; expected files and folders alone",
    b"6": "is a pipe; expected files and folders alone",
    b"S": "is a sparse file; expected whole ones (tar without --sparse)",
}
_WITHOUT_DATA = frozenset(b"123456")


class Tar(Archive):
    """Members one after another, each behind its header; ``packing`` of the whole, if any."""

    what = "tar archive"
    content = "a tar archive"
    packing: str | None = None

    def _members(self) -> Iterator[Member]:
        self._bytes: Span = self._file if self.packing is None else Unpacked(self._file, self.packing)
        place, shared, own = 0, dict[str, bytes](), dict[str, bytes]()
        while any(block := self._bytes.read(BLOCK, place)):
            kind, size = self._header(block, place)
            if kind not in b"LKxgX" and (said := own.get("size", shared.get("size"))) is not None:
                size = _decimal(said)
            start, place = place + BLOCK, place + BLOCK + (0 if kind in _WITHOUT_DATA else -(-size // BLOCK) * BLOCK)
            if kind in b"LKxgX":
                if size > MOST_HEADER:
                    raise DamagedSource(f"is damaged: it has a header of {size} bytes")
                found = self._bytes.read(size, start)
                if kind in b"xgX":
                    (shared if kind in b"g" else own).update(_keywords(found))
                elif kind in b"L":
                    own["path"] = found.rstrip(b"\0")
                continue
            name = own.get("path", shared.get("path", b"")) or _short_name(block)
            sparse = any(key.startswith("GNU.sparse.") for key in own)
            own = {}
            if kind not in b"V":
                yield _member(name.decode("utf-8", "surrogateescape"), kind, (start, size), sparse)
        if len(block) < BLOCK:
            raise DamagedSource("is cut off: it has no end" if place else "is no tar archive: it is too short")
        while block := self._bytes.read(STEP, place) if self.packing else b"":  # to its end, where its checksum is
            place += len(block)

    def _header(self, block: bytes, place: int) -> tuple[int, int]:
        """The kind and the size of a member."""
        if len(block) < BLOCK:
            raise DamagedSource("is cut off" if place else "is no tar archive: it is too short")
        told, found = _number(block[148:156]), sum(block) - sum(block[148:156]) + 8 * ord(" ")
        if told != found and told != found - 256 * sum(byte > 127 for byte in block):  # of signed bytes, as some wrote
            raise DamagedSource("is damaged: a header has another checksum" if place else "is no tar archive")
        size = _number(block[124:136])
        if not 0 <= size < _MOST:
            raise DamagedSource(_NO_SIZE)
        return block[156], size

    def _size(self, place: int) -> int:
        return int(self._numbers[place, SIZE])

    def _starts(self) -> I64:
        return self._numbers[:, START]

    def _read(self, place: int) -> bytes:
        start, size = self._numbers[place].tolist()
        data = self._bytes.read(size, start)
        if len(data) < size:
            raise DamagedSource(f"is cut off: {len(data)} of {size} bytes are there")
        return data

    def _span(self, place: int) -> Span:
        start, size = self._numbers[place].tolist()
        return Part(self._bytes, start, size)


class TarGz(Tar):
    """A tar archive in a gzip file."""

    what = "tar.gz archive"
    content = "a gzip archive"
    packing = "gzip"


class TarXz(Tar):
    """A tar archive in an xz file."""

    what = "tar.xz archive"
    content = "an xz archive"
    packing = "xz"


class TarBz2(Tar):
    """A tar archive in a bzip2 file."""

    what = "tar.bz2 archive"
    content = "a bzip2 archive"
    packing = "bzip2"


def _member(name: str, kind: int, numbers: tuple[int, int], sparse: bool) -> Member:
    letter = bytes([kind])
    if kind in _FOLDERS:
        return Member(f"{name}/", numbers)
    wrong = _WRONG[b"S"] if sparse else _WRONG.get(letter, "")
    if not wrong and kind not in _FILES:
        wrong = f"is of a kind {letter!r} that is not known; expected files and folders alone"
    return Member(name, numbers, wrong)


def _short_name(block: bytes) -> bytes:
    """The name in a header itself: at most 100 bytes, and 155 before them."""
    name, before = _text(block[:100]), _text(block[345:500]) if block[257:263] == b"ustar\0" else b""
    return before + b"/" + name if before else name


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes) -> int:
    """A number of a header: in base 8, or in base 256 behind a first byte that says so; -1 for none."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    try:
        return int(_text(field).strip() or b"0", 8)
    except ValueError:
        return -1


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 18:
        raise DamagedSource(_NO_SIZE)
    return int(text)


def _keywords(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The records of a pax header, each ``length keyword=value``."""
    while data.strip(b"\0"):
        length, _, _ = data[:10].partition(b" ")
        record = data[: int(length)] if length.isdigit() else b""
        keyword, equals, value = record[len(length) + 1 : -1].partition(b"=")
        if not equals or record[-1:] != b"\n":
            raise DamagedSource("is damaged: a header of keywords is none")
        yield keyword.decode("utf-8", "surrogateescape"), value
        data = data[len(record) :]
