"""What a file is that is no picture, by what it begins with: a name for people."""

from __future__ import annotations

LOOK = 512  # bytes that are enough
_STARTS = (
    (b"version https://git-lfs", "a Git LFS pointer"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript (EPS) file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"8BPS", "a Photoshop file"),
)
_MARKUP = ((b"<!doctype html", "an HTML page"), (b"<html", "an HTML page"), (b"<svg", "an SVG drawing"))
_TAR, _TAR_AT = b"ustar", 257


def named(data: bytes) -> str:
    """What a file is called that begins with these bytes; empty for one that nobody here knows."""
    if what := next((name for start, name in _STARTS if data.startswith(start)), ""):
        return what
    if data[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file"
    if data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "a tar archive"
    text = data[:LOOK].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((name for start, name in _MARKUP if text.startswith(start)), "")
