"""Sampling: every class as often as is asked for, every picture of a class as often as the others, in every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.data.order import epoch_order
from nettrain.data.sampling import Sampling, WeightedSampling, quotas, sampled_order, sampling_note

CLASSES = tuple("abcdefgh")
sizes = st.lists(st.integers(0, 30), min_size=1, max_size=8).filter(any)
weights = st.floats(0.01, 100).map(lambda w: float(f"{w:.2g}"))


def labels_of(there: list[int], seed: int = 1) -> np.ndarray:
    """So many pictures of each class, in any order."""
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(there)), there))


def weighted(**by_name: float) -> WeightedSampling:
    return WeightedSampling(by_name)


def drawn(labels: np.ndarray, sampling: Sampling, epochs: int, seed: int = 3, first: int = 0) -> np.ndarray:
    """How often each picture came in each epoch.  Shapes: (epochs,N)."""
    classes = CLASSES[: int(labels.max()) + 1]
    orders = [sampled_order(labels, classes, sampling, seed, epoch).pictures for epoch in range(first, first + epochs)]
    return np.array([np.bincount(order, minlength=len(labels)) for order in orders])


def test_a_shuffle_is_the_order_of_the_epoch() -> None:
    labels = labels_of([4, 3])
    for given_labels in (labels, np.zeros((7, 2), bool)):  # several labels a picture, too
        order = sampled_order(given_labels, CLASSES, "shuffle", 3, 5)
        np.testing.assert_array_equal(order.pictures, epoch_order(7, 3, 5))
        assert (order.turns == 5).all()


@given(sizes, st.integers(0, 2**63), st.integers(0, 1000))
def test_balanced_has_every_class_as_often_in_every_epoch(there: list[int], seed: int, first: int) -> None:
    labels = labels_of(there)
    for counts in drawn(labels, "balanced", 3, seed, first):
        assert counts.sum() == len(labels)
        by_class = [int(counts[labels == k].sum()) for k, many in enumerate(there) if many]
        assert max(by_class) - min(by_class) <= 1


@given(sizes, st.lists(weights, min_size=8, max_size=8), st.integers(0, 2**63), st.integers(0, 1000))
def test_weighted_has_each_class_by_weight_and_pictures_within_a_picture(
    there: list[int], given_weights: list[float], seed: int, first: int
) -> None:
    labels, sampling = labels_of(there), WeightedSampling(dict(zip(CLASSES, given_weights, strict=True)))
    amounts = [Fraction(repr(w)) * many for w, many in zip(given_weights, there, strict=False)]
    for counts in drawn(labels, sampling, 3, seed, first):
        assert counts.sum() == len(labels)
        for k, amount in enumerate(amounts):
            share = len(labels) * amount / sum(amounts)
            assert abs(int(counts[labels == k].sum()) - share) < 1


@pytest.mark.parametrize("sampling", ["balanced", weighted(a=3, b=0.1, c=1, d=0.5)])
@pytest.mark.parametrize("there", [[20, 7, 3, 1], [4, 4, 4, 4], [1, 0, 50, 2]])
def test_pictures_of_a_class_come_in_turn_within_an_epoch_and_over_all(there: list[int], sampling: Sampling) -> None:
    labels = labels_of(there)
    counts = drawn(labels, sampling, 60)
    for k in range(len(there)):
        mine = counts[:, labels == k]
        if mine.size:
            assert (np.ptp(mine, axis=1) <= 1).all()
            assert (np.ptp(mine.cumsum(axis=0), axis=1) <= 1).all()


@pytest.mark.parametrize("sampling", ["balanced", weighted(a=3, b=0.1, c=1, d=0.5)])
def test_turns_count_how_often_each_picture_came(sampling: Sampling) -> None:
    labels = labels_of([20, 7, 0, 1])
    came = np.zeros(len(labels), np.int64)
    for epoch in range(40):
        order = sampled_order(labels, CLASSES[:4], sampling, 3, epoch)
        for picture in range(len(labels)):
            turns = np.sort(order.turns[order.pictures == picture])
            np.testing.assert_array_equal(turns, came[picture] + np.arange(len(turns)))
            came[picture] += len(turns)


@pytest.mark.parametrize("sampling", ["balanced", weighted(a=3, b=0.1, c=1, d=0.5)])
def test_over_the_epochs_classes_come_as_often_as_asked_for(sampling: Sampling) -> None:
    """Also where an epoch has less than a picture of one: the odd picture goes round."""
    there = [5, 1, 4, 1]
    labels = labels_of(there)
    counts = drawn(labels, sampling, 500)
    wanted = quotas(sampling, np.array(there), CLASSES[:4])
    for k, often in enumerate(wanted):
        assert abs(int(counts[:, labels == k].sum()) - 500 * often) < 4


def test_an_epoch_knows_where_the_one_before_stopped() -> None:
    """A pure function of the epoch: nothing is kept from the epochs before."""
    labels = labels_of([9, 2, 5])
    whole = drawn(labels, "balanced", 40)
    for epoch in (39, 0, 17):
        np.testing.assert_array_equal(drawn(labels, "balanced", 1, first=epoch)[0], whole[epoch])


def test_quotas_are_exact() -> None:
    there = np.array([10, 20, 30])
    assert quotas("shuffle", there, CLASSES[:3]) == [10, 20, 30]
    assert quotas("balanced", there, CLASSES[:3]) == [20, 20, 20]
    assert quotas(weighted(a=0.3, b=0.1, c=0.1), there, CLASSES[:3]) == [Fraction(180, 8), 15, Fraction(180, 8)]
    assert quotas("balanced", np.array([3, 0, 4]), CLASSES[:3]) == [Fraction(7, 2), 0, Fraction(7, 2)]


def test_names_are_the_same_in_any_unicode_form() -> None:
    names: Mapping[str, float] = {"e\u0301": 2.0, "b": 1.0}
    assert quotas(WeightedSampling(names), np.array([3, 3]), ("\xe9", "b")) == [4, 2]


def test_the_order_is_shuffled_whatever_the_classes() -> None:
    """Every class is as likely at every place."""
    labels = labels_of([6, 2])
    seen = np.array([labels[sampled_order(labels, CLASSES, "balanced", 7, epoch).pictures] for epoch in range(2000)])
    assert (abs(seen.mean(axis=0) - 0.5) < 0.06).all()  # about five standard deviations


def test_seeds_and_epochs_differ() -> None:
    labels = labels_of([12, 4])
    orders = {
        tuple(sampled_order(labels, CLASSES, "balanced", seed, epoch).pictures.tolist())
        for seed in range(4)
        for epoch in range(4)
    }
    assert len(orders) == 16


def test_a_note_says_how_often_classes_come() -> None:
    labels = labels_of([4, 2, 1])
    assert sampling_note("shuffle", labels, CLASSES[:3]) == ()
    assert sampling_note("balanced", labels, CLASSES[:3]) == (
        "sampling: an epoch draws a 2.333 of 4, b 2.333 of 2, c 2.333 of 1",
    )
    many = sampling_note("balanced", np.arange(22), [f"class {k}" for k in range(22)])
    assert many[0].endswith("class 19 1 of 1 and 2 more")


@pytest.mark.parametrize("n", [1, 3])
def test_a_few_pictures_are_enough(n: int) -> None:
    labels = np.arange(n)
    for sampling in ("balanced", weighted(a=1, b=5, c=2)):
        assert len(sampled_order(labels, CLASSES[:n], sampling, 1, 9).pictures) == n
