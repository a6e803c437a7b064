"""What of listed pictures are clips: a folder of still pictures, or else each file by itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import most_bytes
from nettrain.data.clips import FOLDER, frame_files, grouped, read_frames, stamp
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged
from nettrain.data.listing import Listing
from nettrain.data.reader import Files, Item
from nettrain.data.spans import Stamp
from nettrain.data.still import inspected

LOOK = ImageConfig((1, 1))
CLASS_FOLDERS = 2  # names before that of a frame: its class and its clip


@dataclass(frozen=True, slots=True)
class Clips:
    """A reader of files, and of folders of frames, of which it reads as many as ``frames`` need."""

    files: Files
    frames: int

    @property
    def root(self) -> str:
        return self.files.root

    @property
    def parts(self) -> tuple[str, ...]:
        return self.files.parts

    def read(self, name: str, most: int) -> Item:
        if not name.endswith(FOLDER):
            return self.files.read(name, most)
        return Item(read_frames(self.files.tree, self._path(name), self.frames, most))

    def where(self, name: str) -> str:
        return self.files.where(name)

    def stamp(self, name: str) -> Stamp:
        return stamp(self.files.tree, self._path(name)) if name.endswith(FOLDER) else self.files.stamp(name)

    def ordered(self, names: Sequence[str]) -> npt.NDArray[np.int64] | range:
        return self.files.ordered(names)

    def holding(self, names: Sequence[str]) -> list[str]:
        return self.files.holding(names)

    def length(self, name: str) -> int:
        """How many frames a folder has.  Errors: DataError if it cannot be listed."""
        return len(frame_files(self.files.tree, self._path(name)))

    def _path(self, name: str) -> str:
        return os.path.join(self.files.folder, name)


def as_clips(listing: Listing, files: Files, frames: int) -> Listing:
    """The same, of folders of classes with these files, with the frames of a folder as one item.

    Notes    One picture of every folder below a class folder is looked at, the first in the order of time: if it is a
             still one the folder is a clip, whose name ends with ``/``, or else each of its files is.
    """
    clips = clips_below(files, listing.files, CLASS_FOLDERS)
    places = np.array([place for _, place in clips], np.int64)
    names = tuple(name for name, _ in clips)
    return replace(listing, reader=Clips(files, frames), files=names, labels=listing.labels[places])


def clips_in(files: Files, names: Sequence[str]) -> list[str]:
    """The clips among the files of a folder."""
    return [name for name, _ in clips_below(files, names, 0)]


def clips_below(files: Files, names: Sequence[str], above: int) -> list[tuple[str, int]]:
    """The clips among files, as ``grouped`` has them."""
    return grouped(names, lambda name: is_still(files, name), above)


def is_still(files: Files, name: str) -> bool:
    """Whether a file is no animation; one that cannot be read counts as still, so that what is wrong comes out."""
    try:
        return inspected(files.read(name, most_bytes(LOOK)).data)[1].frames <= 1
    except (BadPicture, Damaged):
        return True
