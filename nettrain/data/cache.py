"""The pass before the first step: every picture is decoded whole, hashed, and kept or thrown away."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers
from nettrain.data.bad_picture import BadPicture
from nettrain.data.config import ImageConfig
from nettrain.data.memory import free_memory
from nettrain.data.pictures import decode as decode_bytes
from nettrain.data.pictures import load_bytes
from nettrain.data.split import Split
from nettrain.errors import DataError, EnvironmentFault, Fault

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
CHUNK = 16  # pictures that one task decodes


@dataclass(frozen=True, slots=True)
class Bad:
    """A picture that was skipped: its path relative to the split's root, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The N good pictures of a split, each decoded once without fault.

    Shapes   ``labels (N,) int64``; ``sha256`` N digests of the files in hex; ``bad`` the skipped files in order.
    Notes    ``pixels`` is the cache ``uint8``, a row for each of ``rows (N,)``; None decodes again at every ``take``.
    """

    split: Split
    image: ImageConfig
    sha256: tuple[str, ...]
    bad: tuple[Bad, ...]
    workers: int
    pixels: U8 | None
    rows: I64

    def __len__(self) -> int:
        return len(self.split.files)

    @property
    def labels(self) -> I64:
        return self.split.labels

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths relative to the split's root."""
        return self.split.files

    @property
    def classes(self) -> tuple[str, ...]:
        return self.split.classes

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one picture."""
        return (*self.image.load_size, self.image.channels)

    @property
    def bytes(self) -> int:
        """Memory that the cache takes."""
        return 0 if self.pixels is None else self.pixels.nbytes

    def take(self, indices: I64) -> U8:
        """The pictures at these indices, in that order.

        Shapes   (n,) -> (n,H,W,C) uint8, a new array.
        Errors   without a cache, DataError if a file has changed since it was checked.
        """
        if self.pixels is not None:
            return self.pixels[self.rows[indices]]
        out = np.empty((len(indices), *self.shape), np.uint8)

        def again(place: int) -> None:
            path = self.split.path(int(indices[place]))
            out[place], digest = _decoded(path, self.image)
            if digest != self.sha256[indices[place]]:
                raise DataError("the file has changed since it was checked", path)

        with Workers(self.workers, "nettrain-decode") as pool:
            for _ in pool.map(again, range(len(indices))):
                pass
        return out


def decode(
    split: Split,
    image: ImageConfig,
    on_bad_image: Literal["error", "skip"] = "error",
    cache: Literal["ram", "none"] = "ram",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Decode every picture of a split on ``workers`` threads; the result does not depend on their number.

    Errors   DataError with one fault a bad picture, or, where they are skipped, for a class that has none left;
             EnvironmentFault if the cache would take more than half of the free memory.
    Notes    ``progress(done, total)`` is called from this thread; what it raises ends the pass.
    """
    total = len(split.files)
    pixels = _reserve(total, image) if cache == "ram" else None
    digests = [""] * total
    reasons: dict[int, str] = {}

    def chunk(start: int) -> int:
        stop = min(start + CHUNK, total)
        for place in range(start, stop):
            try:
                picture, digests[place] = _decoded(split.path(place), image)
            except BadPicture as problem:
                reasons[place] = problem.reason
            else:
                if pixels is not None:
                    pixels[place] = picture
        return stop - start

    done = 0
    for count in _each(chunk, range(0, total, CHUNK), workers):
        done += count
        if progress is not None:
            progress(done, total)
    bad = tuple(Bad(split.files[place], reasons[place]) for place in sorted(reasons))
    if bad and on_bad_image == "error":
        raise DataError(faults=[Fault(reasons[place], split.path(place)) for place in sorted(reasons)])
    rows = np.array([place for place in range(total) if place not in reasons], np.int64)
    good = split.only(rows) if bad else split
    _check_classes(split, good)
    kept = tuple(digests[place] for place in rows)
    return Pictures(good, image, kept, bad, workers, pixels, rows)


def _decoded(path: str, image: ImageConfig) -> tuple[U8, str]:
    data = load_bytes(path, image)
    return decode_bytes(data, image, path), hashlib.sha256(data).hexdigest()


def _each(work: Callable[[int], int], starts: range, workers: int) -> Iterator[int]:
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


def cache_bytes(total: int, image: ImageConfig, held: int = 0) -> int:
    """Bytes that a cache of so many pictures takes, beside ``held`` that others will have taken before.

    Errors   EnvironmentFault if that is more than half of the memory that is free then.
    """
    needed, free = total * math.prod(image.load_size) * image.channels, free_memory()
    if free is not None and needed > (left := max(0, free - held)) / 2:
        raise EnvironmentFault(
            f"data.cache: {total} pictures take {_size(needed)}, more than half of the {_size(left)} of memory that "
            "are free; set data.cache: none, or a smaller data.image.size"
        )
    return needed


def _reserve(total: int, image: ImageConfig) -> U8:
    needed = cache_bytes(total, image)
    try:
        return np.empty((total, *image.load_size, image.channels), np.uint8)
    except MemoryError:
        raise EnvironmentFault(f"data.cache: no memory for {_size(needed)} of pictures; set data.cache: none") from None


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _check_classes(split: Split, good: Split) -> None:
    before = np.bincount(split.labels, minlength=len(split.classes))
    after = np.bincount(good.labels, minlength=len(split.classes))
    lost = [name for name, had, has in zip(split.classes, before, after, strict=True) if had and not has]
    if lost:
        message = "no readable picture of this class is left in {}"
        raise DataError(faults=[Fault(message.format(split.name), split.root, name) for name in lost])
