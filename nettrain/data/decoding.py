"""The pass over picture files: each is read, hashed and decoded once, on all threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from itertools import islice

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
SMALL = 8192  # bytes of a file that is small, in the mean
LOOKED_AT, MANY = 8, 256  # files that are looked at, where there are so many


def threads_for(reader: Reader, names: Sequence[str], image: ImageConfig, threads: int) -> int:
    """How many of so many threads decode these items quickest: all, or one where the files are small.

    Notes    Most of a small file's time is Python's, which runs on one thread at a time: two that take turns need 1.35
             times as long as one for pictures of 32x32, 1.17 times at 128x128 (6 kB), 0.84 times at 224x224 (15 kB).
             What is wrong with a file is no matter here; the pass says it.
    """
    if threads == 1 or len(names) < MANY:
        return threads
    sizes = []
    for place in islice(reader.ordered(names), LOOKED_AT):
        with suppress(BadPicture):
            sizes.append(len(reader.read(names[place], most_bytes(image)).data))
    return 1 if 0 < sum(sizes) < SMALL * len(sizes) else threads


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
