"""Stochastic depth, as a part of an epilogue: a picture goes without the block, at random."""

from __future__ import annotations

import numpy as np

from nettrain.arrays import hash as counter_hash
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array


class DropPath(Part):
    """Sets all numbers of a picture to 0 with probability ``rate`` and divides those of the others by 1 - rate.

    Shapes   (n,...) -> the same.
    Notes    Whether a picture is dropped is a pure function of (seed, layer, epoch, position of the picture in the
             epoch), as for ``Dropout``.
    Source   Huang, Sun, Liu, Sedra, Weinberger, "Deep Networks with Stochastic Depth", 2016, section 3, for each
             picture by itself, with the scaling moved into training.
    """

    name = "drop_path"

    def __init__(self, rate: float, *, seed: int, layer: str, epoch: int, start: int) -> None:
        self.rate, self.seed, self.layer, self.epoch, self.start = rate, seed, layer, epoch, start

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.picture = (1,) * (len(shape) - 1)

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        return np.multiply(piece, self._factors(span, piece), out=out)

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        return np.multiply(g, self._factors(span, g), out=out)

    def _factors(self, span: slice, piece: Array) -> Array:
        """0 or 1 / (1 - rate) for each picture."""
        positions = self.start + np.arange(span.start, span.stop)
        draws = counter_hash.bits(self.seed, f"drop_path/{self.layer}", self.epoch, positions)
        kept = draws >= np.uint64(self.rate * 2.0**64)
        factors: Array = kept * piece.dtype.type(1 / (1 - self.rate))
        return factors.reshape(-1, *self.picture)
