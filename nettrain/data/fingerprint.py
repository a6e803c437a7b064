"""The data fingerprint: one number that changes whenever a picture, a label or a file's path does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from nettrain.data.cache import Pictures
from nettrain.data.labels import label_text
from nettrain.errors import DataError

OTHERS = "the pictures are not those that the run was started with"
PUT_BACK = "put them back as they were, or start a new run"


def data_fingerprint(pictures: Iterable[Pictures]) -> str:
    """SHA-256, in hex, over the sorted (relative path, label, file SHA-256) of all pictures.

    Notes    the path is relative to its split's folder and the label is the class name (of several with ``|`` between),
             so neither a moved data folder nor the way that it is divided changes the number. Fields end with NUL, rows
             with a line feed.
    """
    rows = sorted(
        (
            path.encode("utf-8", "surrogateescape"),
            label_text(label, part.classes).encode(),
            bytes(digest).hex().encode(),
        )
        for part in pictures
        for path, label, digest in zip(part.paths, part.labels, part.sha256, strict=True)
    )
    return hashlib.sha256(b"".join(b"\0".join(row) + b"\n" for row in rows)).hexdigest()


def refuse_other_contents(found: str, recorded: str, root: str) -> None:
    """Refuse pictures that are there by name, but whose fingerprint is not the recorded one. Errors: DataError."""
    if found != recorded:
        raise DataError(f"{OTHERS}: the names are the same, but not what is in the files; {PUT_BACK}", root)
