"""The pass that compares: the files of a split are read and hashed, and none is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.data.bad_picture import BadPicture
from nettrain.data.config import ImageConfig
from nettrain.data.decoding import CHUNK, U8, Decoded, Progress, counted
from nettrain.data.split import Split
from nettrain.errors import DataError, Fault


@dataclass(frozen=True, slots=True, eq=False)
class HashedFiles:
    """N files of a split, whatever is in them.  Shapes: ``sha256 (N,32)`` uint8."""

    split: Split
    sha256: U8


def hash_files(split: Split, image: ImageConfig, workers: int, progress: Progress | None = None) -> HashedFiles:
    """The digest of every file of a split, on ``workers`` threads.

    Errors   DataError with one fault a file that cannot be read; EnvironmentFault if the machine is in the way.
    """
    total = len(split.files)
    found, order = Decoded(total), split.reader.ordered(split.files)

    def chunk(start: int) -> int:
        stop = min(start + CHUNK, total)
        for place in map(int, order[start:stop]):
            try:
                found.read(place, split.reader, split.files[place], image)
            except BadPicture as problem:
                found.reasons[place] = problem.reason
        return stop - start

    counted(chunk, range(0, total, CHUNK), workers, total, progress)
    if found.reasons:
        raise DataError(faults=[Fault(why, split.path(place)) for place, why in sorted(found.reasons.items())])
    return HashedFiles(split, found.digests)
