"""Which pictures to set aside so that each label keeps its share, where a picture may have several."""

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
