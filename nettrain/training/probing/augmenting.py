"""What a training makes of a few of its pictures, epoch by epoch: the very ones that it will see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import get_threads
from nettrain.data.batches import Batches
from nettrain.data.cache import decode, kept_if_it_fits
from nettrain.data.clips import sampled
from nettrain.data.config import ImageConfig
from nettrain.data.decoding import Decoded
from nettrain.data.labels import are_several, label_text
from nettrain.data.normalize import Normalization
from nettrain.data.sampling import sampled_order
from nettrain.data.split import Split
from nettrain.errors import DataError
from nettrain.training.config import Config

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
USUAL = 12  # pictures, at most
FRAMES = 4  # of a clip that are shown, at most
PICTURE_AXES = 3
TRIED = 100  # pictures that are looked at for one in the place of a bad one


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A training picture: its label, its path below the split's root, and its pixels (H,W,C) as they are.

    ``after`` are the pixels that epoch 1, 2 and so on is trained on. A clip is a picture of a few of its frames.
    """

    label: str
    path: str
    before: U8
    after: tuple[U8, ...]


def augmented(
    config: Config,
    train: Split,
    pictures: int | None,
    epochs: int,
    shrunk: Callable[[U8], U8] = lambda pixels: pixels,
) -> list[Shown]:
    """So many pictures of ``train``, spread over the classes, each in so many epochs; None is as many of each class.

    Errors   DataError if one of them is bad; where bad ones are skipped, if no good one is found.
    Notes    where a picture stands in an epoch, and so its chances, hangs on how many there are: a training that skips
             bad pictures draws otherwise. Of what is made only ``shrunk(pixels)`` is kept.
    """
    data, image = config.data, config.data.image_of("train")
    wanted = spread(train, USUAL // len(train.classes) * len(train.classes) or USUAL if pictures is None else pictures)
    if data.on_bad_image == "skip":
        wanted = readable(train, wanted, image)
    chosen = train.only(wanted)
    kept = kept_if_it_fits(len(wanted), image)
    loaded = decode(chosen, image, "error", kept, get_threads())
    before = decode(chosen, data.image, "error", kept, get_threads())
    nothing = Normalization((0.0,) * data.image.channels, (1.0,) * data.image.channels)
    batches = Batches(loaded, 1, config.seed, nothing, data.augment, size=data.image.size)
    orders = [sampled_order(train.labels, train.classes, "shuffle", config.seed, epoch) for epoch in range(epochs)]
    positions = [np.argsort(order.pictures)[wanted] for order in orders]
    found = []
    for row, file in enumerate(loaded.paths):
        one = np.array([row])
        pixels = loaded.take(one)
        after = (
            shrunk(film(batches.augmented(pixels, epoch, positions[epoch][one], orders[epoch])[0]))
            for epoch in range(epochs)
        )
        label = label_text(loaded.labels[row], loaded.classes)
        found.append(Shown(label, file, shrunk(film(before.take(one)[0])), tuple(after)))
    return found


def film(pixels: U8) -> U8:
    """A picture as it is; of a clip (T,H,W,C) some frames in one picture: four of them two by two, or all in a row."""
    if pixels.ndim == PICTURE_AXES:
        return pixels
    frames = pixels[sampled(len(pixels), min(len(pixels), FRAMES))]
    rows = np.array_split(frames, 2 if len(frames) == FRAMES else 1)
    return _beside([_beside(list(row), 1) for row in rows], 0)


def _beside(pictures: list[U8], axis: int) -> U8:
    """Pictures along an axis, with a white line of a pixel between them."""
    line = np.full_like(pictures[0].take([0], axis), 255)
    return np.concatenate([part for picture in pictures for part in (line, picture)][1:], axis)


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


def readable(split: Split, wanted: I64, image: ImageConfig) -> I64:
    """The places, with the next good picture of the same labels for one that is bad; without it if there is none.

    Errors   DataError if no picture that was looked at is good.
    """
    tried, seen = Decoded(len(split.files)), set(wanted.tolist())

    def is_good(place: int) -> bool:
        seen.add(place)
        return tried.one(place, split.reader, split.files[place], image) is not None

    found: list[int | None] = []
    for place in wanted.tolist():
        others = (other for other in alike(split, place) if other not in seen)
        found.append(next(filter(is_good, islice(chain([place], others), 1 + TRIED)), None))
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
