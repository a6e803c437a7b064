"""Where an augmentation gets its chances from: a pure function of seed, purpose, epoch and place in the epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.arrays.hash import integers, uniform


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """The chances of one augmentation for N pictures; ``positions (N,)`` are their places in the epoch's order.

    Notes   ``draw`` tells the several numbers apart that one picture needs.
    """

    seed: int
    purpose: str
    epoch: int
    positions: npt.NDArray[np.int64]

    def integers(self, high: int, draw: int) -> npt.NDArray[np.int64]:
        """Whole numbers in [0, high), one a picture."""
        return integers(high, self.seed, self.purpose, self.epoch, self.positions, draw)

    def uniform(self, draw: int) -> npt.NDArray[np.float64]:
        """Numbers in [0, 1), one a picture."""
        return uniform(self.seed, self.purpose, self.epoch, self.positions, draw)
