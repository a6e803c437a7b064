"""From pictures to batches: put in order, augmented, normalised, mixed, one batch ahead of whoever uses them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers
from nettrain.config.fields import Chosen
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.mixing import MIXINGS, mix, one_more
from nettrain.data.augment.sampler import resized
from nettrain.data.augment.table import AUGMENTATIONS
from nettrain.data.cache import Pictures
from nettrain.data.labels import Labels, are_several, as_shares, mostly
from nettrain.data.normalize import Normalization
from nettrain.data.order import batch_starts
from nettrain.data.sampling import Order, Sampling, sampled_order

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures ready for the network: ``images`` float32, (N,H,W,C) or of clips (N,T,H,W,C), and labels.

    Shapes   ``labels``, (N,) int64 or several (N,K) bool.

    ``start`` is the position of the first one, in the epoch's order or in the order of the files. Where pictures are
    mixed, ``shares (N,K)`` are how much of each has the label of each class, and ``labels`` what it mostly is.
    """

    start: int
    images: F32
    labels: Labels
    shares: F32 | None = None

    @property
    def targets(self) -> Labels:
        """What a loss is towards: the shares if there are any, or else the labels."""
        return self.labels if self.shares is None else self.shares


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """The batches of one split. Each is made when it is needed, so memory does not grow with the number of pictures.

    ``size`` is the (H, W) of pictures in a batch; None leaves them as they are kept.
    """

    pictures: Pictures
    batch_size: int
    seed: int
    normalization: Normalization
    augment: Sequence[Chosen] = ()
    size: tuple[int, int] | None = None
    sampling: Sampling = "shuffle"

    def training(self, epoch: int, start: int = 0) -> Generator[Batch, None, None]:
        """Shuffled, augmented, mixed batches of an epoch, from the one that begins at position ``start``.

        Notes    a batch is a pure function of (seed, epoch, its start), so an epoch can begin anywhere.
        """
        order, count = self.order(epoch), len(self.pictures)
        before = one_more(self.augment)  # what the first one is mixed with

        def make(place: int) -> Batch:
            positions = np.arange(place - before, min(place + self.batch_size, count)) % count
            chosen = order.pictures[positions]
            pixels = self.augmented(self.pictures.take(chosen), epoch, positions, order)
            images, labels = self.normalization.apply(pixels), self.pictures.labels[chosen]
            return self.mixed(images, labels, epoch, positions[1:]) if before else Batch(place, images, labels)

        return ahead(make, (place for place in batch_starts(count, self.batch_size) if place >= start))

    def in_order(self) -> Iterator[Batch]:
        """Every picture once, in the order of the files, as it is: for evaluation."""

        def make(place: int) -> Batch:
            chosen = np.arange(place, min(place + self.batch_size, len(self.pictures)))
            return Batch(place, self.normalization.apply(self.pictures.take(chosen)), self.pictures.labels[chosen])

        return ahead(make, batch_starts(len(self.pictures), self.batch_size))

    def order(self, epoch: int) -> Order:
        """What stands where in an epoch."""
        return sampled_order(self.pictures.labels, self.pictures.classes, self.sampling, self.seed, epoch)

    def augmented(self, pixels: U8, epoch: int, positions: I64, order: Order) -> U8:
        """Pictures that stand at ``positions (N,)`` of an epoch, after every augmentation of one in turn.

        Shapes   (N,H,W,C) or (N,T,H,W,C), of clips, in which each frame draws as its clip does: all of them alike.
        """
        shape = pixels.shape
        positions, pixels = np.repeat(positions, math.prod(shape[1:-3])), pixels.reshape(-1, *shape[-3:])
        pictures, turns = order.pictures[positions], order.turns[positions]
        for purpose, chosen in self._augment(mixings=False):
            _, function = AUGMENTATIONS[chosen.kind]
            draw = Draw(self.seed, purpose, epoch, positions, self.size, pictures, turns)
            pixels = function(pixels, chosen.settings, draw)
        if self.size is not None and pixels.shape[1:3] != self.size:
            pixels = resized(pixels, self.size)
        return pixels.reshape(*shape[:-3], *pixels.shape[1:])

    def mixed(self, images: F32, labels: Labels, epoch: int, positions: I64) -> Batch:
        """A batch of the pictures that stand at ``positions (N,)`` of an epoch, mixed as ``augment`` says.

        Shapes   images (1+N,H,W,C) and their labels begin with the picture that stands before the first.
        """
        shares = as_shares(labels, len(self.pictures.classes))
        images, shares = mix(images, shares, self._augment(mixings=True), self.seed, epoch, positions)
        return Batch(int(positions[0]), images, mostly(shares, are_several(labels)), shares)

    def _augment(self, *, mixings: bool) -> list[tuple[str, Chosen]]:
        """What is done to single pictures, or to pairs of them, each with the purpose that it draws for."""
        return [
            (f"data.augment.{place}.{chosen.kind}", chosen)
            for place, chosen in enumerate(self.augment)
            if (chosen.kind in MIXINGS) == mixings
        ]


def ahead(make: Callable[[int], Batch], places: Iterable[int]) -> Generator[Batch, None, None]:
    """Each ``make(place)`` in turn, made on one background thread while the one before is used.

    Notes    what ``make`` raises is raised here, in its turn. When the reader stops early the thread ends with it.
    """
    pool = Workers(1, "nettrain-batches")
    try:
        waiting: deque[Future[Batch]] = deque()
        for place in places:
            waiting.append(pool.submit(make, place))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
