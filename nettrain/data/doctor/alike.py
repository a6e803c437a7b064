"""Whether two small pictures are the same one: how well they correlate, and how much better than with any others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]

BLOCK = 2  # pixels each way that are averaged first: what compression and resizing change is finer
LEAST = 0.92  # correlation of two that count as the same
SHARE = 0.2  # of what a picture lacks to be the same as the nearest of others: two that are the same lack less
OTHERS = 512  # pictures that stand for all others
PASSED_BY = 2  # of them, the nearest: a version of the same picture may be among them


def centred(pictures: U8) -> F64:
    """Pictures as rows that correlate by their products: sums over blocks, less the mean of each channel.

    Shapes   (n,32,32,3) -> (n,768).
    Notes    Each channel is centred on its own: else any two things before the same blue sky would correlate. All
             numbers are whole ones (times the number of blocks), and so are their products, below 2^53: whatever adds
             them up, on any machine, gives the same.
    """
    count, height, width, channels = pictures.shape
    blocks = pictures.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK, channels).sum((2, 4), np.int64)
    blocks = blocks.reshape(count, -1, channels)
    rows: F64 = (blocks * blocks.shape[1] - blocks.sum(axis=1, keepdims=True)).reshape(count, -1).astype(np.float64)
    return rows


def correlations(ones: F64, others: F64) -> F64:
    """The correlation of every row with every other, 1 for the same up to brightness and contrast.

    Shapes   (n,768), (m,768) -> (n,m).
    Source   Lewis, "Fast Normalized Cross-Correlation", 1995, section 2, at one place.
    """
    squares = np.multiply.outer((ones * ones).sum(axis=1), (others * others).sum(axis=1))
    found: F64 = np.divide(ones @ others.T, np.sqrt(squares), out=np.zeros(squares.shape), where=squares > 0)
    return found


class Others:
    """Some pictures that stand for all of a set: what else is as much like a picture as a copy would be.

    Shapes   (m,32,32,3), and the hashes (m); pictures whose hashes differ in ``near`` bits at most are no others.
    Source   Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004, section 7.1: a match counts if it
             is much nearer than the next; here on correlation, against a sample.
    """

    def __init__(self, pictures: U8, hashes: U64, near: int) -> None:
        self._rows, self._hashes, self._near = centred(pictures), hashes, near

    def nearest(self, rows: F64, hashes: U64) -> F64:
        """How well each picture correlates with the nearest of others, 0 at least.  Shapes: (n,768), (n) -> (n)."""
        found = correlations(rows, self._rows)
        found[np.bitwise_count(hashes[:, None] ^ self._hashes) <= self._near] = 0
        found.sort(axis=1)
        last = found[:, -1 - PASSED_BY] if found.shape[1] > PASSED_BY else np.zeros(len(rows))
        return np.maximum(last, 0)


def are_alike(correlation: float, nearest: float) -> bool:
    """Whether two pictures count as the same, of which the one that is more like others has such a ``nearest``."""
    return correlation >= LEAST and 1 - correlation <= SHARE * (1 - nearest)
