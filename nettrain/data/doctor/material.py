"""What the doctor looks at: pictures by their place, each with a name, what lies in its source, a label and a split."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from nettrain.data.caps import most_bytes
from nettrain.data.config import ImageConfig
from nettrain.data.labels import label_text
from nettrain.data.reader import Item
from nettrain.data.split import Split


class Material:
    """The N pictures of some splits, one split after another.

    Notes    a ``name`` is the same on every machine: the key that the pictures are found under (``train``, ``val``,
             ``test``; of what is set aside, that of the pictures it is set aside of) and the path below there. A
             ``path`` is for people.
    """

    def __init__(self, splits: Sequence[Split], image: ImageConfig) -> None:
        self.splits = tuple(splits)
        self.image = image
        self._starts = [0, *accumulate(len(split.files) for split in splits)]
        self._sources = [next(one.name for one in splits if one.reader.parts == split.reader.parts) for split in splits]

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of all classes, which are those of every split."""
        return self.splits[0].classes

    @property
    def sources(self) -> tuple[str, ...]:
        """The keys that pictures are found under."""
        return tuple(dict.fromkeys(self._sources))

    def read(self, place: int) -> Item:
        """A picture as it lies in its source. Errors: ``BadPicture``, ``EnvironmentFault``."""
        number, inside = self._at(place)
        split = self.splits[number]
        return split.reader.read(split.files[inside], most_bytes(self.image))

    def ordered(self) -> npt.NDArray[np.int64]:
        """All places, in the order in which reading them takes the least time."""
        parts = [np.empty(0, np.int64)]
        parts += [
            start + np.asarray(split.reader.ordered(split.files), np.int64)
            for start, split in zip(self._starts, self.splits, strict=False)
        ]
        return np.concatenate(parts)

    def name(self, place: int) -> str:
        number, inside = self._at(place)
        return f"{self._sources[number]}/{self.splits[number].files[inside]}"

    def path(self, place: int) -> str:
        number, inside = self._at(place)
        return self.splits[number].path(inside)

    def split(self, place: int) -> str:
        return self.splits[self._at(place)[0]].name

    def label(self, place: int) -> str:
        number, inside = self._at(place)
        split = self.splits[number]
        return label_text(split.labels[inside], split.classes)

    def _at(self, place: int) -> tuple[int, int]:
        """Which split a picture is of, and its place in it."""
        number = bisect_right(self._starts, place) - 1
        return number, place - self._starts[number]
