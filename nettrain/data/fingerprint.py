"""The data fingerprint: one number that changes whenever a picture, a label or a file's path does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol

from nettrain.data.decoding import U8
from nettrain.data.labels import label_text
from nettrain.data.split import Split, Splits
from nettrain.errors import DataError

OTHERS = "the pictures are not those that the run was started with"
PUT_BACK = "put them back as they were, or start a new run"


class Hashed(Protocol):
    """N picture files of a split, decoded or not.  Shapes: ``sha256 (N,32)`` uint8, the digests of the files."""

    @property
    def split(self) -> Split: ...

    @property
    def sha256(self) -> U8: ...


def data_fingerprint(pictures: Iterable[Hashed]) -> str:
    """SHA-256, in hex, over the sorted (relative path, label, file SHA-256) of all pictures.

    Notes    the path is relative to its split's folder and the label is the class name (of several with ``|`` between),
             so neither a moved data folder nor the way that it is divided changes the number. Fields end with NUL, rows
             with a line feed.
    """
    rows = sorted(
        (
            path.encode("utf-8", "surrogateescape"),
            label_text(label, part.split.classes).encode(),
            bytes(digest).hex().encode(),
        )
        for part in pictures
        for path, label, digest in zip(part.split.files, part.split.labels, part.sha256, strict=True)
    )
    return hashlib.sha256(b"".join(b"\0".join(row) + b"\n" for row in rows)).hexdigest()


def refuse_other_contents(found: str, wanted: str, splits: Splits) -> None:
    """Refuse pictures whose fingerprint is not that of a run. Errors: DataError.

    Notes    recorded ones are the run's by name; of others nothing more is known than that they differ.
    """
    if found != wanted:
        why = ": the names are the same, but not what is in the files" if splits.recorded else ""
        raise DataError(f"{OTHERS}{why}; {PUT_BACK}", splits.train.root)
