"""Which training pictures are shown: some of every class, a good one in the place of one that is bad."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from nettrain.data.config import ImageConfig
from nettrain.data.decoding import Decoded
from nettrain.data.labels import are_several
from nettrain.data.split import Split
from nettrain.errors import DataError

I64 = npt.NDArray[np.int64]
TRIED = 100  # pictures that are looked at for one in the place of a bad one


class Looking:
    """Whether pictures of a split can be decoded; each is tried once."""

    def __init__(self, split: Split, image: ImageConfig) -> None:
        self._split, self._image = split, image
        self._tried = Decoded(len(split.files))
        self._good: dict[int, bool] = {}

    def __contains__(self, place: int) -> bool:
        return place in self._good

    def is_good(self, place: int) -> bool:
        """Whether the picture at this place is good."""
        if place not in self._good:
            pixels = self._tried.one(place, self._split.reader, self._split.files[place], self._image)
            self._good[place] = pixels is not None
        return self._good[place]


def spread(split: Split, pictures: int) -> I64:
    """Places of so many pictures, as evenly as may be from every class, or from every so many-th where there are more.

    Notes    in the order of the classes; the same ones every time.
    """
    classes = len(split.classes)
    members = [
        np.flatnonzero(split.labels[:, k] if are_several(split.labels) else split.labels == k) for k in range(classes)
    ]
    members = [places for places in members if len(places)]
    shown = [members[k] for k in even(len(members), min(pictures, len(members)))]
    most, more = divmod(pictures, len(shown))
    found = [places[even(len(places), min(len(places), most + (k < more)))] for k, places in enumerate(shown)]
    return np.array(list(dict.fromkeys(np.concatenate(found).tolist())), np.int64)


def readable(split: Split, wanted: I64, looking: Looking) -> I64:
    """The places, with the next good picture of the same labels for one that is bad; without it if there is none.

    Errors   DataError if no picture that was looked at is good.
    """
    given, found = set(wanted.tolist()), list[int | None]()
    for place in wanted.tolist():
        others = (other for other in alike(split, place) if other not in given and other not in looking)
        found.append(next(filter(looking.is_good, islice(chain([place], others), 1 + TRIED)), None))
    good = np.array([place for place in found if place is not None], np.int64)
    if not len(good):
        raise DataError("none of the pictures that were looked at is readable", split.root)
    return good


def alike(split: Split, place: int) -> Iterator[int]:
    """Places of the pictures with the labels of this one, from the next on and round to itself."""
    same = np.flatnonzero((split.labels == split.labels[place]).reshape(len(split.files), -1).all(axis=1))
    yield from np.roll(same, -int(np.searchsorted(same, place, "right"))).tolist()


def even(of: int, count: int) -> I64:
    """``count`` of 0 .. of - 1, evenly spread."""
    return np.arange(count) * of // max(count, 1)
