"""Near pairs of hashes: all of them, against a search through all pairs, and in bounds where everything is alike."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from nettrain.data.doctor.groups import Groups
from nettrain.data.doctor.near import NEAREST, near_pairs


def spread(count: int, seed: int = 1) -> np.ndarray:
    """Hashes in families: each member differs from the first of it in a few bits."""
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 1 << 64, count, np.uint64, endpoint=False)
    for place in range(0, count - 2, 3):
        for other in (place + 1, place + 2):
            flips = random.integers(0, 64, random.integers(1, 8))
            hashes[other] = hashes[place] ^ np.bitwise_or.reduce(np.uint64(1) << flips.astype(np.uint64), initial=0)
    return random.permutation(np.unique(hashes))


def by_all_pairs(hashes: np.ndarray, most: int) -> set[tuple[int, int]]:
    values = [int(value) for value in hashes]
    return {(i, j) for i, j in combinations(range(len(values)), 2) if (values[i] ^ values[j]).bit_count() <= most}


@pytest.mark.parametrize("agreeing", [1, 2, 3])
@pytest.mark.parametrize("most", [0, 1, 4, 8])
def test_no_pair_is_missed_and_none_is_made_up(most: int, agreeing: int) -> None:
    hashes = spread(300)
    ones, others = near_pairs(hashes, most, agreeing)
    pairs = list(zip(ones.tolist(), others.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == by_all_pairs(hashes, most)
    apart = np.bitwise_count(hashes[ones] ^ hashes[others]).tolist()
    assert apart == sorted(apart)


@pytest.mark.parametrize("count", [0, 1])
def test_few_hashes_have_no_pairs(count: int) -> None:
    ones, others = near_pairs(np.zeros(count, np.uint64), 4)
    assert (len(ones), len(others)) == (0, 0)


def test_where_all_are_the_same_each_keeps_its_nearest_and_all_hang_together() -> None:
    count = 20_000
    ones, others = near_pairs(np.full(count, 7, np.uint64), 4)
    assert len(ones) < NEAREST * count
    groups = Groups(count)
    for one, other in zip(ones.tolist(), others.tolist(), strict=True):
        groups.join(one, other)
    assert [len(group) for group in groups] == [count]


def test_where_all_are_near_time_and_memory_are_bounded() -> None:
    """Hashes that are all within eight bits of each other: 8 bits of 64 set anyhow."""
    random = np.random.default_rng(1)
    hashes = np.array(
        [sum(1 << int(bit) for bit in random.choice(64, 4, replace=False)) for _ in range(2000)], np.uint64
    )
    ones, _ = near_pairs(hashes, 8)
    assert 2000 < len(ones) <= NEAREST * len(hashes)


def test_groups_hang_together_through_others() -> None:
    groups = Groups(8)
    for one, other in ((5, 3), (7, 1), (3, 1), (4, 6)):
        groups.join(one, other)
    assert list(groups) == [[1, 3, 5, 7], [4, 6]]
    assert groups.root(7) == groups.root(5) == 1
    assert groups.root(0) == 0
