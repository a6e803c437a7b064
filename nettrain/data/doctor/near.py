"""Which of many 64-bit hashes differ in a few bits only: by sorting parts of them, never by looking at all pairs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

BITS = 64
NEAR_BITS = 8  # of them: what the hashes of two versions of a picture may differ in
MANY = 1 << 17  # hashes from which on three parts have to agree, since two would be shared by too many
REACH = 512  # neighbours with the same parts that a hash is compared with: what bounds the time where many are alike
NEAREST = 8  # pairs that are kept of each hash, the nearest first: what bounds the memory there
_AT_A_TIME = 1 << 22  # pairs that are held before those that are not among the nearest are dropped


def near_pairs(hashes: U64, most: int, agreeing: int | None = None) -> tuple[I64, I64]:
    """The places (i, j), i < j, of hashes that differ in at most ``most`` bits; those that differ least come first.

    Shapes   (n) -> (p), (p). ``agreeing`` parts are compared by, 2 or 3 by the number of hashes if not given.
    Cost     at 8 bits 45 sorts, or 165 of many hashes; comparisons where parts agree, 512 a hash and sort at most. With
             50,000 hashes 0.3 s, with a million 29 s of one core.
    Notes    Of ``most + a`` parts two such hashes have at least ``a`` in common, so none is missed, but where more than
             512 hashes share those, or one has more than 8 neighbours. Of equal hashes only the first is compared with
             others.
    Source   Manku, Jain, Das Sarma, "Detecting Near-Duplicates for Web Crawling", 2007, section 3.
    """
    once, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    agreeing = agreeing or (2 if len(once) < MANY else 3)
    held, count = [np.empty(0, np.int64)], 0
    for more in (piece for mask in _masks(most, agreeing) for piece in _sharing(once, mask, most)):
        held.append(more)
        count += len(more)
        if count > _AT_A_TIME:
            held, count = [_nearest(once, np.concatenate(held))], 0
    one, other = (first[end] for end in np.divmod(_nearest(once, np.concatenate(held)), max(1, len(once))))
    same, again = _equal(which)
    ones, others = np.concatenate([same, one]), np.concatenate([again, other])
    ones, others = np.minimum(ones, others), np.maximum(ones, others)
    order = np.lexsort((others, ones, np.bitwise_count(hashes[ones] ^ hashes[others])))
    return ones[order], others[order]


def _masks(most: int, agreeing: int) -> Iterator[np.uint64]:
    """The bits of every choice of parts that may agree."""
    edges = np.linspace(0, BITS, most + agreeing + 1).astype(int).tolist()
    parts = [(1 << high) - (1 << low) for low, high in pairwise(edges)]
    for chosen in combinations(parts, agreeing):
        yield np.uint64(sum(chosen))


def _sharing(once: U64, mask: np.uint64, most: int) -> Iterator[I64]:
    """Pairs of different hashes, each as one number, that have the bits of a mask in common; a piece a distance."""
    shared = once & mask
    order = np.argsort(shared, kind="stable")
    shared, sorted_ = shared[order], once[order]
    end = np.searchsorted(shared, shared, side="right")
    here, neighbours = np.arange(len(once)), np.zeros(len(once), np.int64)
    for step in range(1, REACH + 1):
        here = here[(here + step < end[here]) & (neighbours[here] < NEAREST)]
        if not len(here):
            break
        close = here[np.bitwise_count(sorted_[here] ^ sorted_[here + step]) <= most]
        neighbours[close] += 1
        one, other = order[close], order[close + step]
        yield np.minimum(one, other) * len(once) + np.maximum(one, other)


def _nearest(once: U64, pairs: I64) -> I64:
    """Each pair once; those only that are among the nearest of one of the two."""
    pairs = np.unique(pairs)
    one, other = np.divmod(pairs, max(1, len(once)))
    apart = np.tile(np.bitwise_count(once[one] ^ once[other]), 2)
    ends, number = np.concatenate([one, other]), np.tile(np.arange(len(pairs)), 2)
    order = np.lexsort((number, apart, ends))
    rank = np.arange(len(ends)) - np.searchsorted(ends[order], ends[order], side="left")
    keep = np.zeros(len(pairs), bool)
    keep[number[order[rank < NEAREST]]] = True
    return pairs[keep]


def _equal(which: I64) -> tuple[I64, I64]:
    """Places of equal hashes, each with the next few that are equal to it."""
    order = np.argsort(which, kind="stable")
    end = np.searchsorted(which[order], which[order], side="right")
    here = np.arange(len(which))
    ones, others = list[I64](), list[I64]()
    for step in range(1, NEAREST + 1):
        here = here[here + step < end[here]]
        ones.append(order[here])
        others.append(order[here + step])
    return np.concatenate(ones), np.concatenate(others)
