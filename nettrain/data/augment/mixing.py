"""Mixing: pictures made of two each, and labels that say how much of each; after all other augmentation.

Every picture draws for itself, by its place in the epoch, how much of it stays. The other is the one that stands before
it in the epoch, the last one for the first: the order is random, so that is as good as any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.hash import integers
from nettrain.config.fields import Chosen, Record
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.settings import Alpha, Chance

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Kept = npt.NDArray[np.float64]
Change = Callable[[F32, F32], None]  # of a picture (...,H,W,C), which is written, by another one
Mixed = tuple[Kept, Sequence[Change]]  # of N pictures: the share that each keeps, (N,), and what becomes of it
Mixing = Callable[[Any, Draw, tuple[int, int]], Mixed]  # of settings, chances, and the (H, W) of pictures

STEP = 2.0**-24  # shares are multiples of it, so that one and what it leaves of 1 are both exact in float32


@dataclass(frozen=True)
class MixupConfig(Record, short="alpha"):
    """Shares come from the distribution Beta(``alpha``, ``alpha``); ``p`` is the chance that a picture is mixed."""

    alpha: Alpha = 1.0
    p: Chance = 1.0


@dataclass(frozen=True)
class CutmixConfig(Record, short="alpha"):
    """Areas come from the distribution Beta(``alpha``, ``alpha``); ``p`` is the chance that a picture is mixed."""

    alpha: Alpha = 1.0
    p: Chance = 1.0


def mixup(config: MixupConfig, draw: Draw, size: tuple[int, int]) -> Mixed:
    """Each picture becomes a weighted mean of itself and another one, and so does its label.

    Source   Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization", 2018, with a share for each
             picture in place of one for the batch.
    """
    kept = np.rint(draw.shares(config.alpha, 2, 0)[:, 0] / STEP) * STEP
    return kept, [partial(_blend, share=share) for share in kept.astype(np.float32)]


def _blend(image: F32, other: F32, share: np.float32) -> None:
    image *= share
    image += other * (1 - share)


def cutmix(config: CutmixConfig, draw: Draw, size: tuple[int, int]) -> Mixed:
    """A box of each picture is replaced by what another one has there; labels count by area.

    Notes    The box has the picture's form and 1 - b of its area, b drawn from the distribution; its centre is anywhere
             in the picture, and what lies outside is cut off.
    Source   Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", 2019,
             section 3.2, with a box for each picture in place of one for the batch.
    """
    height, width = size
    side = np.sqrt(1 - draw.shares(config.alpha, 2, 0)[:, 0])
    (top, bottom), (left, right) = (
        _cut(np.rint(side * length).astype(np.int64), draw.integers(length, place), length)
        for place, length in ((1, height), (2, width))
    )
    boxes = [
        (..., slice(above, below), slice(before, after), slice(None))
        for above, below, before, after in zip(top, bottom, left, right, strict=True)
    ]
    gone: Kept = (bottom - top) * (right - left) / (height * width)
    return 1 - np.rint(gone / STEP) * STEP, [partial(_paste, box=box) for box in boxes]


def _paste(image: F32, other: F32, box: Any) -> None:
    image[box] = other[box]


def _cut(size: npt.NDArray[np.int64], centre: npt.NDArray[np.int64], length: int) -> tuple[Any, Any]:
    """Where a stretch of so many pixels begins and ends, what lies outside cut off."""
    begin = centre - size // 2
    return np.maximum(begin, 0), np.minimum(begin + size, length)


MIXINGS: dict[str, tuple[type[Record], Mixing]] = {
    "mixup": (MixupConfig, mixup),
    "cutmix": (CutmixConfig, cutmix),
}


def mixings_of(augment: Sequence[Chosen]) -> tuple[Chosen, ...]:
    """Those of a list of augmentations that mix."""
    return tuple(chosen for chosen in augment if chosen.kind in MIXINGS)


def one_more(augment: Sequence[Chosen]) -> int:
    """How many pictures more than it has a batch takes: what its first one is mixed with, if any is."""
    return int(bool(mixings_of(augment)))


def misplaced(augment: Sequence[Chosen]) -> Iterator[tuple[str, str]]:
    """What is wrong with their places in such a list, for ``Record.faults``."""
    last = max((place for place, chosen in enumerate(augment) if chosen.kind not in MIXINGS), default=0)
    for place, chosen in enumerate(augment[:last]):
        if chosen.kind in MIXINGS:
            what = f"{chosen.kind} mixes pictures that are done with; put it after {augment[last].kind}"
            yield f"augment.{place}.{chosen.kind}", what


def mix(
    images: F32, shares: F32, mixings: Sequence[tuple[str, Chosen]], seed: int, epoch: int, positions: I64
) -> tuple[F32, F32]:
    """Pictures at ``positions`` of an epoch, each mixed with the one before it by one of ``mixings``, or not at all.

    Shapes   positions (N,); images (1+N,...,H,W,C), which are written, and shares of classes (1+N,K) begin with what
             stands before the first -> the same of N.
    Notes    ``mixings`` come with the purposes that they draw for.
    """
    kept, size = np.ones(len(positions)), (images.shape[-3], images.shape[-2])
    changes: dict[int, Change] = {}
    which = integers(len(mixings), seed, "data.augment.mixing", epoch, positions)
    for number, (purpose, chosen) in enumerate(mixings):
        chance = Draw(seed, f"{purpose}.p", epoch, positions).uniform(0)
        rows = np.flatnonzero((which == number) & (chance < chosen.settings.p))
        kept[rows], found = MIXINGS[chosen.kind][1](chosen.settings, Draw(seed, purpose, epoch, positions[rows]), size)
        changes.update(zip(rows.tolist(), found, strict=True))
    for place in sorted(changes, reverse=True):  # the last first: the one before it is still as it was
        changes[place](images[1 + place], images[place])
    share = kept.astype(np.float32)[:, None]
    return images[1:], share * shares[1:] + (1 - share) * shares[:-1]
