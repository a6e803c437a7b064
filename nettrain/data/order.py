"""The order of pictures within an epoch: a pure function of (seed, epoch)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nettrain.arrays.hash import permutation


def epoch_order(n: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Which picture stands at each position of the epoch: every one of 0 .. n - 1 once."""
    return permutation(n, seed, "data.order", epoch)


def batch_starts(n: int, batch_size: int) -> range:
    """The position at which each batch starts; the last batch may be smaller and is kept."""
    return range(0, n, batch_size)


def steps_per_epoch(n: int, batch_size: int) -> int:
    """How many batches ``n`` pictures make."""
    return len(batch_starts(n, batch_size))
