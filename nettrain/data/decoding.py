"""The pass over picture files: each is read, hashed and decoded once, on all threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers
from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import most_bytes
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import from_item
from nettrain.data.reader import Item, Reader

U8 = npt.NDArray[np.uint8]
Progress = Callable[[int, int], None]  # pictures done, of so many

CHUNK = 16  # pictures that one task decodes
DIGEST_BYTES = 32


class Decoded:
    """What a pass finds out: of each of ``total`` items the SHA-256, and for each bad one the reason.

    Shapes   ``digests (total,32) uint8``, zeros where one was not read.
    """

    def __init__(self, total: int) -> None:
        self.digests = np.zeros((total, DIGEST_BYTES), np.uint8)
        self.reasons: dict[int, str] = {}

    def one(self, place: int, reader: Reader, name: str, image: ImageConfig) -> U8 | None:
        """The pixels of one picture, which stands at ``place``; None if it is bad.

        Notes    a bad picture has a digest if it could be read.
        """
        try:
            return from_item(self.read(place, reader, name, image), image, reader.where(name))
        except BadPicture as problem:
            self.reasons[place] = problem.reason
            return None

    def read(self, place: int, reader: Reader, name: str, image: ImageConfig) -> Item:
        """The item that stands at ``place``, which has a digest then. Errors: those of ``Reader.read``."""
        item = reader.read(name, most_bytes(image))
        self.digests[place] = item.sha256
        return item

    def copy(self, place: int, other: Decoded, there: int) -> None:
        """Take over what another pass knows of the picture that stands at ``there`` in it."""
        self.digests[place] = other.digests[there]
        if there in other.reasons:
            self.reasons[place] = other.reasons[there]


def each(work: Callable[[int], int], starts: range, workers: int) -> Iterator[int]:
    """Results of ``work`` as they come, with a few tasks waiting for each thread; none is left behind on an error."""
    pool = Workers(workers, "nettrain-decode")
    try:
        running: set[Future[int]] = set()
        for start in starts:
            running.add(pool.submit(work, start))
            if len(running) >= 4 * workers:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
        yield from (future.result() for future in running)
    finally:
        pool.shutdown(cancel_futures=True)


def counted(work: Callable[[int], int], starts: range, workers: int, total: int, progress: Progress | None) -> None:
    """Run every task, and tell ``progress``, from this thread, what is done; what it raises ends the pass."""
    done = 0
    for count in each(work, starts, workers):
        done += count
        if progress is not None:
            progress(done, total)
