"""A look at pictures that nobody has described: its classes, and what a sample of its pictures is like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers, get_threads
from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import most_bytes
from nettrain.data.config import ImageConfig
from nettrain.data.decoding import Progress
from nettrain.data.layout import Layout, find_layout
from nettrain.data.pictures import from_item
from nettrain.data.reader import Reader
from nettrain.data.still import inspected
from nettrain.errors import DataError

I64 = npt.NDArray[np.int64]

SAMPLE = 256  # pictures that are looked at, spread over all
LOOK = ImageConfig((32, 32), animated="first")  # what each is made to see its colours
COLOURLESS = 3.0  # mean difference between the channels, of 255, that a grey picture may have: JPEG's doing
TURNED = 5  # EXIF orientations from here on swap the sides


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture is like: its sides upright, in pixels, how many frames it has, whether it is grey."""

    height: int
    width: int
    frames: int
    grey: bool


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What was found.

    Shapes   ``sizes (n,2)`` are (H, W) of the n good pictures in the sample.
    Notes    ``bad`` are (path, reason) of those in the sample that cannot be read.
    """

    layout: Layout
    sizes: I64
    grey: bool
    animated: bool
    bad: tuple[tuple[str, str], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.layout.train.classes

    @property
    def counts(self) -> list[int]:
        """Pictures of each class."""
        return [int(count) for count in np.bincount(self.layout.train.labels, minlength=len(self.classes))]

    @property
    def sampled(self) -> int:
        return len(self.sizes) + len(self.bad)


def survey(root: str, progress: Progress | None = None) -> Survey:
    """Look at a source; at most 256 of its pictures are read, the same ones every time.

    Errors   DataError: those of ``find_layout``; no picture of the sample can be read.
    Notes    ``progress(done, total)`` is called from this thread.
    """
    layout = find_layout(root)
    files = layout.train.files
    places = np.unique(np.linspace(0, len(files) - 1, min(len(files), SAMPLE)).astype(np.int64))
    reader = layout.train.reader
    names = [files[place] for place in places]
    paths = [reader.where(name) for name in names]
    found: list[Look | str] = []
    with Workers(get_threads(), "nettrain-look") as pool:
        for look in pool.map(partial(_look, reader), names):
            found.append(look)
            if progress is not None:
                progress(len(found), len(paths))
    looks = [look for look in found if isinstance(look, Look)]
    bad = tuple((path, reason) for path, reason in zip(paths, found, strict=True) if isinstance(reason, str))
    if not looks:
        raise DataError(
            f"none of {len(bad)} pictures that were tried can be read, such as {bad[0][0]!r}: {bad[0][1]}", root
        )
    sizes = np.array([(look.height, look.width) for look in looks], np.int64)
    return Survey(layout, sizes, all(look.grey for look in looks), any(look.frames > 1 for look in looks), bad)


def _look(reader: Reader, name: str) -> Look | str:
    """What a picture is like, or why it cannot be read."""
    try:
        item = reader.read(name, most_bytes(LOOK))
        pixels = from_item(item, LOOK, reader.where(name)).astype(np.int64)
    except BadPicture as problem:
        return problem.reason
    grey = float((pixels.max(axis=2) - pixels.min(axis=2)).mean()) < COLOURLESS
    if item.shape is not None:
        return Look(*item.shape[:2], 1, grey)
    _, found = inspected(item.data)
    sides = (found.width, found.height) if found.orientation >= TURNED else (found.height, found.width)
    return Look(*sides, found.frames, grey)
