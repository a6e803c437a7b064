"""Dropout, as a part of an epilogue."""

from __future__ import annotations

import math

import numpy as np

from nettrain.arrays import hash as counter_hash
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array


class Dropout(Part):
    """Sets each number to 0 with probability ``rate`` and divides the others by 1 - rate.

    The mask of a picture is a pure function of (seed, layer, epoch, position of the picture in the epoch): it does
    not depend on the batch that the picture comes in, and no state needs saving.

    Source   Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014, section 4,
             with the scaling moved into training.
    """

    name = "dropout"
    keeps = 1.0

    def __init__(self, rate: float, *, seed: int, layer: str, epoch: int, start: int) -> None:
        self.rate, self.seed, self.layer, self.epoch, self.start = rate, seed, layer, epoch, start

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.recorded = recorded
        self.masks: list[Array] = [np.empty(0)] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        positions = self.start + np.arange(span.start, span.stop)
        elements = np.arange(math.prod(piece.shape[1:]))
        draws = counter_hash.bits(self.seed, f"dropout/{self.layer}", self.epoch, positions[:, None], elements)
        kept = draws >= np.uint64(self.rate * 2.0**64)
        mask: Array = (kept * piece.dtype.type(1 / (1 - self.rate))).reshape(piece.shape)
        if self.recorded:
            self.masks[index] = mask
        return np.multiply(piece, mask, out=out)

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        return np.multiply(g, self.masks[index], out=out)
