"""Make ``data/digits``: scikit-learn's copy of the UCI optical digits as 8-bit grey PNG files, one folder per class.

    python -m pip install scikit-learn
    python data/make_digits.py data

Values 0..16 become 0..255 as ``(255 v + 8) // 16``: 255 v / 16 rounded to the nearest whole number, 8 becoming 128.
Of each class the fifth (rounded) with the smallest SHA-256 of ``nettrain-digits-1:<row>`` is the test part. A file's
name is its row in ``load_digits``. The PNG files are made by hand with stored (uncompressed) data, so that their bytes
depend on no library's version.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zlib
from pathlib import Path

from sklearn.datasets import load_digits

SEED = "nettrain-digits-1"


def png(rows: list[bytes]) -> bytes:
    """An 8-bit grey PNG file of these rows of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    raw = b"".join(b"\0" + row for row in rows)  # filter 0 before each row
    stored = b"\x01" + struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF) + raw
    body = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(raw))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def chance(row: int) -> str:
    return hashlib.sha256(f"{SEED}:{row}".encode()).hexdigest()


def files() -> dict[str, bytes]:
    """Every file's path below ``data`` and its bytes."""
    digits = load_digits()
    made = {}
    for label in range(10):
        rows = sorted((int(row) for row in (digits.target == label).nonzero()[0]), key=chance)
        in_test = (len(rows) + 2) // 5
        for place, row in enumerate(rows):
            split = "test" if place < in_test else "train"
            pixels = (digits.images[row].astype(int) * 255 + 8) // 16
            made[f"digits/{split}/{label}/{row:04d}.png"] = png([bytes(line.tolist()) for line in pixels])
    return made


def main(target: Path) -> None:
    made = files()
    sums = ""
    for name in sorted(made):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made[name])
        sums += f"{hashlib.sha256(made[name]).hexdigest()}  {name}\n"
    (target / "SHA256SUMS").write_text(sums, newline="\n")
    print(f"{len(made)} pictures; SHA-256 of SHA256SUMS: {hashlib.sha256(sums.encode()).hexdigest()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
