"""Which pictures to set aside, and how to deal all to folds, so that each label keeps its share of several."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]


def stratified(labels: npt.NDArray[np.bool_], wanted: I64, total: int, order: Iterable[int]) -> list[int]:
    """Places of pictures such that about ``wanted`` (K) have each label; those without any fill up to ``total``.

    Shapes   labels (N,K); ``order`` are the N places, as they are to be tried.
    Notes    The label with the fewest pictures left is served first, as it has the least choice; what is set aside for
             it counts for its other labels too. Of every label at least one picture stays behind.
    Source   Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data", 2011.
    """
    need, left = wanted.copy(), labels.sum(axis=0, dtype=np.int64)
    tried = np.array(list(order), np.int64)
    chosen: list[int] = []
    while len(tried):
        there = labels[tried].sum(axis=0)
        if not there.any():
            break
        rarest = int(np.where(there > 0, there, len(labels) + 1).argmin())
        has = labels[tried, rarest]
        for place in tried[has].tolist():
            row = labels[place]
            if need[rarest] > 0 and (left[row] > 1).all():
                chosen.append(place)
                need[row] -= 1
                left[row] -= 1
        tried = tried[~has]
    unlabelled: list[int] = tried[: max(0, total - len(chosen))].tolist()
    return chosen + unlabelled


def dealt(labels: npt.NDArray[np.bool_], folds: int, order: Iterable[int]) -> I64:
    """The fold of each picture, from 0, such that folds have about equally many of each label, and in all.

    Shapes   labels (N,K) -> (N); ``order`` are the N places, as they are to be dealt.
    Notes    The label with the fewest pictures left is dealt first. Each goes to the fold that wants most of that
             label, of several to the one that wants most pictures, then to the first.
    Source   Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data", 2011, algorithm 1.
    """
    wanted = np.tile(labels.sum(axis=0, dtype=np.int64), (folds, 1))  # of each label, in parts of a picture: 1 / folds
    room = np.full(folds, len(labels), np.int64)  # of all, likewise
    left = np.array(list(order), np.int64)
    found = np.empty(len(labels), np.int64)

    def deal(place: int, wants: I64) -> None:
        fold = int(np.lexsort((-room, -wants))[0])
        found[place] = fold
        wanted[fold, labels[place]] -= folds
        room[fold] -= folds

    while len(left):
        there = labels[left].sum(axis=0)
        if not there.any():
            break
        rarest = int(np.where(there > 0, there, len(labels) + 1).argmin())
        has = labels[left, rarest]
        for place in left[has].tolist():
            deal(place, wanted[:, rarest])
        left = left[~has]
    for place in left.tolist():  # without any label
        deal(place, room)
    return found
