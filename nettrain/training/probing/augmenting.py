"""What a training makes of a few of its pictures, epoch by epoch: the very ones that it will see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import get_threads
from nettrain.config.document import Document
from nettrain.data.augment.mixing import mixings_of
from nettrain.data.batches import Batches
from nettrain.data.cache import decode, kept_if_it_fits
from nettrain.data.clips import sampled
from nettrain.data.labels import as_shares, label_text
from nettrain.data.normalize import Normalization
from nettrain.data.sampling import Order, sampled_order
from nettrain.data.split import Split
from nettrain.training.config import Config
from nettrain.training.loop.class_weights import check_class_weights
from nettrain.training.probing.choosing import Looking, readable, spread

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
USUAL = 12  # pictures, at most
FRAMES = 4  # of a clip that are shown, at most
PICTURE_AXES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture (H,W,C) as an epoch is trained on it, and how much of it has which label, the most first."""

    pixels: U8
    shares: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A training picture: its label, its path below the split's root, and its pixels (H,W,C) as they are.

    ``after`` is what epoch 1, 2 and so on makes of it, None where it is not drawn. A clip is a picture of a few frames.
    """

    label: str
    path: str
    before: U8
    after: tuple[Seen | None, ...]


def augmented(
    document: Document[Config],
    train: Split,
    pictures: int | None,
    epochs: int,
    shrunk: Callable[[U8], U8] = lambda pixels: pixels,
) -> list[Shown]:
    """So many pictures of ``train``, spread over the classes, each in so many epochs; None is as many of each class.

    Errors   DataError if one of them is bad; where bad ones are skipped, if no good one is found. ConfigError if
             weights do not name the classes.
    Notes    a picture that comes more than once in an epoch is shown as it comes first. Where it stands, and so its
             chances, hangs on how many there are: a training that skips bad pictures draws otherwise. Of what is made
             only ``shrunk(pixels)`` is kept.
    """
    check_class_weights(document, train.classes)
    config = document.config
    data, image = config.data, config.data.image_of("train")
    wanted = spread(train, USUAL // len(train.classes) * len(train.classes) or USUAL if pictures is None else pictures)
    looking = Looking(train, image) if data.on_bad_image == "skip" else None
    if looking is not None:
        wanted = readable(train, wanted, looking)
    orders = [
        sampled_order(train.labels, train.classes, config.train.sampling, config.seed, epoch) for epoch in range(epochs)
    ]
    mixed = bool(mixings_of(data.augment))
    stands = [[positions_of(order, place, mixed, looking) for place in wanted.tolist()] for order in orders]
    used = [order.pictures[np.concatenate(row)] for order, row in zip(orders, stands, strict=True)]
    needed = np.unique(np.concatenate([wanted, *used]))
    loaded, before = (
        decode(train.only(places), size, "error", kept_if_it_fits(len(places), size), get_threads())
        for places, size in ((needed, image), (wanted, data.image))
    )
    nothing = Normalization((0.0,) * data.image.channels, (1.0,) * data.image.channels)
    batches = Batches(loaded, 1, config.seed, nothing, data.augment, size=data.image.size)

    def made(epoch: int, positions: I64) -> Seen | None:
        if not len(positions):
            return None
        rows = np.searchsorted(needed, orders[epoch].pictures[positions])
        pixels, labels = batches.augmented(loaded.take(rows), epoch, positions, orders[epoch]), loaded.labels[rows]
        shares = as_shares(labels, len(train.classes))
        if mixed:
            batch = batches.mixed(nothing.apply(pixels), labels, epoch, positions[1:])
            pixels, shares = np.rint(batch.images * 255).astype(np.uint8), batch.targets
        return Seen(shrunk(film(pixels[0])), named(shares[0], train.classes))

    return [
        Shown(
            label_text(train.labels[place], train.classes),
            train.files[place],
            shrunk(film(before.take(np.array([row]))[0])),
            tuple(made(epoch, stands[epoch][row]) for epoch in range(epochs)),
        )
        for row, place in enumerate(wanted.tolist())
    ]


def positions_of(order: Order, picture: int, mixed: bool, looking: Looking | None) -> I64:
    """Where an epoch draws a picture first: (0,) if nowhere, else (1,); ``mixed``, (2,), after that of the other one.

    Notes    the other is the one before it, where bad ones are skipped the last good one before it.
    """
    found = np.flatnonzero(order.pictures == picture)[:1]
    if not mixed or not len(found):
        return found
    others = (found - 1 - np.arange(len(order.pictures))) % len(order.pictures)
    good = (at for at in others.tolist() if looking is None or looking.is_good(int(order.pictures[at])))
    return np.array([next(good), *found])


def named(shares: F32, classes: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The classes that have a share (K,) of a picture, with it, the largest first."""
    order = np.argsort(-shares, kind="stable").tolist()
    return tuple((classes[k], float(shares[k])) for k in order if shares[k] > 0)


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
