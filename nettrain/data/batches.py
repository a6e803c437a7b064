"""From pictures to batches: put in order, augmented, normalised, one batch ahead of whoever uses them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers
from nettrain.config.fields import Chosen
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.sampler import resized
from nettrain.data.augment.table import AUGMENTATIONS
from nettrain.data.cache import Pictures
from nettrain.data.labels import Labels
from nettrain.data.normalize import Normalization
from nettrain.data.order import batch_starts, epoch_order


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures ready for the network: ``images (N,H,W,C) float32`` and labels, (N,) int64 or several (N,K) bool.

    ``start`` is the position of the first one, in the epoch's order or in the order of the files.
    """

    start: int
    images: npt.NDArray[np.float32]
    labels: Labels


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

    def training(self, epoch: int, start: int = 0) -> Generator[Batch, None, None]:
        """Shuffled, augmented batches of an epoch, from the one that begins at position ``start``.

        Notes    a batch is a pure function of (seed, epoch, its start), so an epoch can begin anywhere.
        """
        order = epoch_order(len(self.pictures), self.seed, epoch)

        def make(place: int) -> Batch:
            chosen = order[place : place + self.batch_size]
            pixels = self.augmented(self.pictures.take(chosen), epoch, place)
            return Batch(place, self.normalization.apply(pixels), self.pictures.labels[chosen])

        return ahead(make, (place for place in batch_starts(len(order), self.batch_size) if place >= start))

    def in_order(self) -> Iterator[Batch]:
        """Every picture once, in the order of the files, as it is: for evaluation."""

        def make(place: int) -> Batch:
            chosen = np.arange(place, min(place + self.batch_size, len(self.pictures)))
            return Batch(place, self.normalization.apply(self.pictures.take(chosen)), self.pictures.labels[chosen])

        return ahead(make, batch_starts(len(self.pictures), self.batch_size))

    def augmented(self, pixels: npt.NDArray[np.uint8], epoch: int, start: int) -> npt.NDArray[np.uint8]:
        """Pictures (N,H,W,C) that stand at positions ``start`` and on, after every augmentation in turn."""
        positions = np.arange(start, start + len(pixels))
        for place, chosen in enumerate(self.augment):
            _, function = AUGMENTATIONS[chosen.kind]
            draw = Draw(self.seed, f"data.augment.{place}.{chosen.kind}", epoch, positions, size=self.size)
            pixels = function(pixels, chosen.settings, draw)
        if self.size is None or pixels.shape[1:3] == self.size:
            return pixels
        return resized(pixels, self.size)


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
