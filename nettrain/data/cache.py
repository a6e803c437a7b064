"""The pass before the first step: every picture is decoded whole, hashed, and kept or thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers
from nettrain.config.words import megabytes
from nettrain.data.cache_room import picture_bytes
from nettrain.data.config import ImageConfig
from nettrain.data.decoding import CHUNK, Decoded, Progress, counted, threads_for
from nettrain.data.disk import Remembered, remembered
from nettrain.data.entry import Stored
from nettrain.data.labels import Labels, are_several, counts
from nettrain.data.memory import free_memory
from nettrain.data.split import Split
from nettrain.errors import DataError, EnvironmentFault, Fault

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Cache = Literal["ram", "disk", "none"]


@dataclass(frozen=True, slots=True)
class Bad:
    """A picture that was skipped: its path relative to the split's root, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The N good pictures of a split, each decoded once without fault.

    Shapes   ``labels``, (N,) int64 or several (N,K) bool; ``sha256 (N,32)`` uint8,
             the digests of the files; ``bad`` the skipped files in order.
    Notes    ``pixels`` is the cache ``uint8``, in memory or in a file, in which ``rows (N,)`` are theirs; None decodes
             again at every ``take``. ``notes`` are for the user: where the pictures lie on the disk.
    """

    split: Split
    image: ImageConfig
    sha256: U8
    bad: tuple[Bad, ...]
    workers: int
    pixels: U8 | Stored | None
    rows: I64
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.split.files)

    @property
    def labels(self) -> Labels:
        return self.split.labels

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths relative to the split's root."""
        return self.split.files

    @property
    def classes(self) -> tuple[str, ...]:
        return self.split.classes

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, C) of one picture, (T, H, W, C) of one clip."""
        return self.image.shape

    @property
    def bytes(self) -> int:
        """Memory that the cache takes, whatever lies on the disk."""
        return self.pixels.nbytes if isinstance(self.pixels, np.ndarray) else 0

    def take(self, indices: I64) -> U8:
        """The pictures at these indices, in that order.

        Shapes   (n,) -> (n,H,W,C) or (n,T,H,W,C) uint8, a new array.
        Errors   without a cache, DataError if a file has changed since it was checked; with one on the disk,
                 EnvironmentFault if that has.
        """
        if self.pixels is not None:
            return self.pixels.take(self.rows[indices], 0)
        out = np.empty((len(indices), *self.shape), np.uint8)
        found = Decoded(len(indices))

        def again(place: int) -> None:
            there = int(indices[place])
            picture = found.one(place, self.split.reader, self.split.files[there], self.image)
            if picture is None or (found.digests[place] != self.sha256[there]).any():
                raise DataError("the file has changed since it was checked", self.split.path(there))
            out[place] = picture

        with Workers(self.workers, "nettrain-decode") as pool:
            for _ in pool.map(again, range(len(indices))):
                pass
        return out


def decode(
    split: Split,
    image: ImageConfig,
    on_bad_image: Literal["error", "skip"] = "error",
    cache: Cache = "ram",
    workers: int = 1,
    progress: Progress | None = None,
) -> Pictures:
    """Decode every picture of a split on at most ``workers`` threads; the result does not depend on their number.

    Errors   DataError with one fault a bad picture, or, where they are skipped, for a class that has none left;
             EnvironmentFault if the cache would take more than half of the free memory, or more than the disk has.
    Notes    ``progress(done, total)`` is called from this thread; what it raises ends the pass.
    """
    report = None if progress is None else lambda name, done, total: progress(done, total)
    return next(decode_all([split], lambda _: image, on_bad_image, cache, workers, report))


def decode_all(
    splits: Sequence[Split],
    image_of: Callable[[str], ImageConfig],
    on_bad_image: Literal["error", "skip"] = "error",
    cache: Cache = "ram",
    workers: int = 1,
    report: Callable[[str, int, int], None] | None = None,
) -> Iterator[Pictures]:
    """``decode`` for each split in its turn, as ``image_of`` its name says; ``report`` gets the name too.

    Notes    splits of one source share an entry of the disk cache, which is filled when the first of them is due, if
             their pictures become the same.
    """
    shelves: dict[tuple[tuple[str, ...], ImageConfig], tuple[Remembered, dict[str, int]]] = {}
    for split in splits:
        image = image_of(split.name)
        progress = None if report is None else partial(report, split.name)
        useful = threads_for(split.reader, split.files, image, workers)
        if cache != "disk":
            found, pixels = _pass(split, image, cache, useful, progress)
            yield _kept(split, image, on_bad_image, useful, found, pixels, np.arange(len(split.files)))
            continue
        notes: tuple[str, ...] = ()
        key = split.reader.parts, image
        if key not in shelves:
            sharing = [other for other in splits if (other.reader.parts, image_of(other.name)) == key]
            some = sorted({name for other in sharing for name in other.files})
            names = [some[place] for place in split.reader.ordered(some)]
            shelf = remembered(split.reader, names, image, useful, progress)
            shelves[key], notes = (shelf, {name: place for place, name in enumerate(names)}), shelf.notes
        shelf, places = shelves[key]
        mine, found = [places[name] for name in split.files], Decoded(len(split.files))
        for place, there in enumerate(mine):
            found.copy(place, shelf.found, there)
        yield _kept(split, image, on_bad_image, useful, found, shelf.pixels, shelf.rows[mine], notes)


def _pass(
    split: Split, image: ImageConfig, cache: Literal["ram", "none"], workers: int, progress: Progress | None
) -> tuple[Decoded, U8 | None]:
    total = len(split.files)
    pixels = _reserve(total, image) if cache == "ram" else None
    found, order = Decoded(total), split.reader.ordered(split.files)

    def chunk(start: int) -> int:
        stop = min(start + CHUNK, total)
        for place in map(int, order[start:stop]):
            picture = found.one(place, split.reader, split.files[place], image)
            if pixels is not None and picture is not None:
                pixels[place] = picture
        return stop - start

    counted(chunk, range(0, total, CHUNK), workers, total, progress)
    return found, pixels


def _kept(
    split: Split,
    image: ImageConfig,
    on_bad_image: Literal["error", "skip"],
    workers: int,
    found: Decoded,
    pixels: U8 | Stored | None,
    rows: I64,
    notes: tuple[str, ...] = (),
) -> Pictures:
    """The good pictures of a split, whose ``rows`` of ``pixels`` go by its files. Errors: those of ``decode``."""
    places = sorted(found.reasons)
    if places and on_bad_image == "error":
        raise DataError(faults=[Fault(found.reasons[place], split.path(place)) for place in places])
    bad = tuple(Bad(split.files[place], found.reasons[place]) for place in places)
    left = np.delete(np.arange(len(split.files)), places)
    good = split.only(left) if bad else split
    _check_classes(split, good, found.reasons)
    return Pictures(good, image, found.digests[left], bad, workers, pixels, rows[left], notes)


def cache_bytes(total: int, image: ImageConfig, held: int = 0) -> int:
    """Bytes that a cache of so many pictures takes, beside ``held`` that others will have taken before.

    Errors   EnvironmentFault if that is more than half of the memory that is free then.
    """
    needed, free = picture_bytes(total, image), free_memory()
    if free is not None and needed > (left := max(0, free - held)) / 2:
        raise EnvironmentFault(
            f"data.cache: {total} pictures take {megabytes(needed)}, more than half of the {megabytes(left)} of memory "
            "that are free; set data.cache: disk, or a smaller data.image.size, or data.image.load_size where it is set"
        )
    return needed


def kept_if_it_fits(total: int, image: ImageConfig) -> Literal["ram", "none"]:
    """For pictures that are used once: from memory where there is room, so that they are decoded once; else twice."""
    free = free_memory()
    return "ram" if free is None or picture_bytes(total, image) <= free // 4 else "none"


def _reserve(total: int, image: ImageConfig) -> U8:
    needed = cache_bytes(total, image)
    try:
        return np.empty((total, *image.shape), np.uint8)
    except MemoryError:
        raise EnvironmentFault(
            f"data.cache: no memory for {megabytes(needed)} of pictures; set data.cache: disk"
        ) from None


def _check_classes(split: Split, good: Split, reasons: Mapping[int, str]) -> None:
    """Errors: DataError for a class that has lost all of its pictures, with the reason of the first."""
    before, after = (counts(one.labels, len(split.classes)) for one in (split, good))
    faults = []
    for number in np.flatnonzero((before > 0) & (after == 0)).tolist():
        of_class = split.labels[:, number] if are_several(split.labels) else split.labels == number
        first = int(np.flatnonzero(of_class)[0])
        why = f"the first, {split.files[first]!r}: {reasons[first]}"
        message = f"no readable picture of this class is left in {split.name}; {why}"
        faults.append(Fault(message, split.root, split.classes[number]))
    if faults:
        raise DataError(faults=faults)
