"""What a training makes of a few of its pictures, epoch by epoch: the very ones that it will see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import get_threads
from nettrain.config.document import Document
from nettrain.data.batches import Batches
from nettrain.data.cache import decode
from nettrain.data.clips import sampled
from nettrain.data.labels import are_several, label_text
from nettrain.data.normalize import Normalization
from nettrain.data.sampling import sampled_order
from nettrain.data.split import Split
from nettrain.errors import DataError
from nettrain.training.config import Config
from nettrain.training.pictures import list_splits

U8 = npt.NDArray[np.uint8]
USUAL = 12  # pictures, at most
FRAMES = 4  # of a clip that are shown, at most
PICTURE_AXES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A training picture: its label, its path below the split's root, and its pixels (H,W,C) as they are.

    ``after`` are the pixels that epoch 1, 2 and so on is trained on. A clip is a picture of a few of its frames.
    """

    label: str
    path: str
    before: U8
    after: tuple[U8, ...]


def augmented(document: Document[Config], pictures: int | None, epochs: int) -> list[Shown]:
    """So many training pictures, spread over the classes, each in so many epochs; None is as many of each class.

    Errors   those of ``make_splits``; DataError if one of them is bad, or all where bad ones are skipped.
    Notes    where a picture stands in an epoch, and so its chances, hangs on how many there are: a training that skips
             bad pictures draws otherwise.
    """
    config = document.config
    train = list_splits(document).train
    wanted = spread(train, USUAL // len(train.classes) * len(train.classes) or USUAL if pictures is None else pictures)
    loaded = decode(train.only(wanted), config.data.image_of("train"), "skip", "ram", get_threads())
    if loaded.bad and config.data.on_bad_image == "error":
        raise DataError(loaded.bad[0].reason, train.path(train.files.index(loaded.bad[0].path)))
    places = {file: place for place, file in enumerate(train.files)}
    before = decode(loaded.split, config.data.image, "error", "ram", get_threads())
    nothing = Normalization((0.0,) * config.data.image.channels, (1.0,) * config.data.image.channels)
    batches = Batches(loaded, 1, config.seed, nothing, config.data.augment, size=config.data.image.size)
    orders = [sampled_order(train.labels, train.classes, "shuffle", config.seed, epoch) for epoch in range(epochs)]
    positions = [np.argsort(order.pictures) for order in orders]
    found = []
    for row, file in enumerate(loaded.paths):
        one = np.array([row])
        after = (
            batches.augmented(loaded.take(one), epoch, positions[epoch][places[file]][None], orders[epoch])[0]
            for epoch in range(epochs)
        )
        label = label_text(loaded.labels[row], loaded.classes)
        found.append(Shown(label, file, film(before.take(one)[0]), tuple(map(film, after))))
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


def spread(split: Split, pictures: int) -> npt.NDArray[np.int64]:
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


def even(of: int, count: int) -> npt.NDArray[np.int64]:
    """``count`` of 0 .. of - 1, evenly spread."""
    return np.arange(count) * of // max(count, 1)
