"""The order of an epoch is a permutation that depends on seed and epoch alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nettrain.data.order import batch_starts, epoch_order, steps_per_epoch


@given(st.integers(0, 500), st.integers(0, 2**63), st.integers(0, 1000))
def test_it_is_a_permutation(n, seed, epoch):
    order = epoch_order(n, seed, epoch)
    assert sorted(order.tolist()) == list(range(n))
    np.testing.assert_array_equal(order, epoch_order(n, seed, epoch))


def test_epochs_and_seeds_differ():
    orders = {tuple(epoch_order(50, seed, epoch).tolist()) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_every_place_is_as_likely_for_every_picture():
    orders = np.array([epoch_order(8, 3, epoch) for epoch in range(4000)])
    counts = np.array([np.bincount(orders[:, place], minlength=8) for place in range(8)])
    chi_squared = ((counts - 500.0) ** 2 / 500.0).sum()  # 49 degrees of freedom: mean 49, standard deviation 9.9
    assert chi_squared < 100


@given(st.integers(0, 300), st.integers(1, 70))
def test_batches_cover_every_position_and_the_last_may_be_partial(n, size):
    starts = batch_starts(n, size)
    assert steps_per_epoch(n, size) == len(starts)
    covered = [place for start in starts for place in range(start, min(start + size, n))]
    assert covered == list(range(n))
