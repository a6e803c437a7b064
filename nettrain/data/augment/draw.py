"""Where an augmentation gets its chances from: a pure function of seed, purpose, epoch and place in the epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nettrain.arrays.hash import bits, gamma, integers, uniform

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """The chances of one augmentation for N pictures; ``positions (N,)`` are their places in the epoch's order.

    ``size`` is the (H, W) that they are to have in the end, for what changes it; None leaves it. ``pictures (N,)`` are
    which they are, and ``turns (N,)`` how often each came before, for what goes on from epoch to epoch; without them
    every picture keeps its place.

    Notes   ``draw`` tells the several numbers apart that one picture needs.
    """

    seed: int
    purpose: str
    epoch: int
    positions: I64
    size: tuple[int, int] | None = None
    pictures: I64 | None = None
    turns: I64 | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def only(self, chosen: npt.NDArray[np.bool_] | I64) -> Draw:
        """The chances of some of the pictures."""
        pictures, turns = (None if all_ is None else all_[chosen] for all_ in (self.pictures, self.turns))
        return replace(self, positions=self.positions[chosen], pictures=pictures, turns=turns)

    def within(self, purpose: str) -> Draw:
        """Other chances, for a part of what is done."""
        return replace(self, purpose=self.purpose + purpose)

    def integers(self, high: int, draw: int) -> I64:
        """Whole numbers in [0, high), one a picture."""
        return integers(high, self.seed, self.purpose, self.epoch, self.positions, draw)

    def uniform(self, draw: int) -> F64:
        """Numbers in [0, 1), one a picture."""
        return uniform(self.seed, self.purpose, self.epoch, self.positions, draw)

    def between(self, low: float, high: float, draw: int) -> F64:
        """Numbers in [low, high), one a picture."""
        return low + (high - low) * self.uniform(draw)

    def chosen(self, p: float, draw: int) -> npt.NDArray[np.bool_]:
        """Which pictures are taken, each with chance p."""
        return self.uniform(draw) < p

    def signs(self, draw: int) -> F64:
        """1 or -1, one a picture."""
        return np.where(self.uniform(draw) < 0.5, -1.0, 1.0)

    def levels(self, count: int, draw: int) -> npt.NDArray[np.uint8]:
        """Levels of pixels, 0..255: so many a picture.

        Shapes   (N,count).
        """
        words = bits(self.seed, self.purpose, self.epoch, self.positions[:, None], draw, np.arange(-(-count // 8)))
        return np.ascontiguousarray(words.astype("<u8")).view(np.uint8)[:, :count]

    def shares(self, alpha: float, count: int, draw: int) -> F64:
        """Shares of a whole, from the symmetric Dirichlet distribution: two of them are Beta(alpha, alpha).

        Shapes   (N,count); the sum of each row is 1.
        """
        found = gamma(alpha, self.seed, self.purpose, self.epoch, self.positions[:, None], draw, np.arange(count))
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def lasting(self, high: int, draw: int) -> I64:
        """Whole numbers in [0, high), one a picture, the same in every epoch."""
        pictures = self.positions if self.pictures is None else self.pictures
        return integers(high, self.seed, self.purpose + ".lasting", pictures, draw)

    def turn(self) -> I64:
        """How often each picture came before."""
        return np.full(len(self), self.epoch) if self.turns is None else self.turns
