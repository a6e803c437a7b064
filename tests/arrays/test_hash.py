"""The counter hash: values that must never change, spread, independence, and how counters broadcast."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from nettrain.arrays import hash as counter_hash

MASK = (1 << 64) - 1


def mix(z: int) -> int:
    """SplitMix64's finaliser in whole numbers of Python."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


@pytest.mark.parametrize(
    ("seed", "purpose", "counters", "expected"),
    [
        (0, "", (), 7_373_828_900_979_475_795),
        (1, "order", (0, 7), 1_923_718_426_472_179_442),
        (1, "order", (1, 7), 8_222_192_054_541_310_297),
        (2, "dropout/layers.3", (5, 60_000, 1023), 9_832_330_149_134_647_172),
        (2**63, "weight", (2**63,), 9_066_880_598_384_740_812),
    ],
)
def test_values_never_change(seed: int, purpose: str, counters: tuple[int, ...], expected: int) -> None:
    (value,) = counter_hash.bits(seed, purpose, *counters)
    assert int(value) == expected


def test_numbers_drawn_from_the_bits_never_change() -> None:
    n = np.arange(3)
    assert counter_hash.uniform(1, "u", n).tolist() == [0.9866878094124201, 0.01183359699617581, 0.6519947853725571]
    assert counter_hash.integers(1000, 1, "i", n).tolist() == [269, 984, 658]
    np.testing.assert_allclose(
        counter_hash.normal(1, "n", n), [-0.8670378189438165, 1.0530532137287538, -1.2759595096742182], rtol=1e-12
    )
    assert counter_hash.permutation(8, 1, "p", 4).tolist() == [1, 2, 6, 7, 5, 4, 3, 0]


def test_the_mixing_is_splitmix() -> None:
    start = counter_hash.bits(1, "x")  # _mix(key)
    key = counter_hash._key(1, "x")
    assert int(start[0]) == mix(key)
    assert int(counter_hash.bits(1, "x", 5)[0]) == mix(mix((key ^ 5) + 0x9E3779B97F4A7C15 & MASK))


def test_the_published_stream_of_splitmix64() -> None:
    """Seed 1234567, as in the reference implementation of Vigna: the state grows by the golden gamma, then is mixed."""
    state = [1234567 + (n + 1) * 0x9E3779B97F4A7C15 & MASK for n in range(3)]
    assert [mix(s) for s in state] == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert counter_hash._mix(np.array(state, np.uint64)).tolist() == [mix(s) for s in state]


def test_counters_broadcast() -> None:
    a, b = np.arange(3)[:, None], np.arange(4)
    whole = counter_hash.bits(1, "x", 9, a, b)
    assert whole.shape == (3, 4)
    one_by_one = [[int(counter_hash.bits(1, "x", 9, i, j)[0]) for j in range(4)] for i in range(3)]
    assert whole.tolist() == one_by_one
    assert counter_hash.bits(1, "x").shape == (1,)
    assert counter_hash.bits(1, "x", np.zeros((0, 4), int)).shape == (0, 4)


def test_order_and_number_of_counters_matter() -> None:
    draws = [counter_hash.bits(1, "x", *c).item() for c in ((), (0,), (0, 0), (0, 1), (1, 0), (1,), (0, 0, 0))]
    assert len(set(draws)) == len(draws)


@pytest.mark.parametrize(
    "draws",
    [
        counter_hash.uniform(1, "u", np.arange(1 << 16)),
        counter_hash.uniform(1, "u", np.arange(256)[:, None], np.arange(256)).ravel(),
        np.array([counter_hash.uniform(seed, "u", 0).item() for seed in range(1 << 13)]),
        np.array([counter_hash.uniform(1, f"layers.{n}", 0).item() for n in range(1 << 13)]),
    ],
    ids=["one counter", "two counters", "seeds", "purposes"],
)
def test_uniform_numbers_are_uniform_and_follow_no_neighbour(draws: np.ndarray) -> None:
    n = len(draws)
    assert draws.min() >= 0
    assert draws.max() < 1
    counts, _ = np.histogram(draws, 64, (0, 1))
    chi_squared = ((counts - n / 64) ** 2).sum() / (n / 64)
    assert chi_squared < 63 + 5 * math.sqrt(2 * 63)
    for lag in (1, 2, 256):
        assert abs(np.corrcoef(draws[:-lag], draws[lag:])[0, 1]) < 5 / math.sqrt(n)


def test_every_bit_is_set_half_of_the_time() -> None:
    n = 1 << 14
    draws = counter_hash.bits(3, "bits", np.arange(n))
    share = [(draws >> np.uint64(bit) & np.uint64(1)).mean() for bit in range(64)]
    np.testing.assert_allclose(share, 0.5, atol=5 * 0.5 / math.sqrt(n))


def test_streams_are_independent() -> None:
    n = np.arange(1 << 14)
    streams = [counter_hash.uniform(seed, purpose, n) for seed in (1, 2, 3) for purpose in ("a", "b", "a/b")]
    for one, other in combinations(streams, 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 5 / math.sqrt(len(n))


def test_normal_numbers() -> None:
    draws = counter_hash.normal(1, "n", np.arange(1 << 16))
    assert np.isfinite(draws).all()
    moments = [draws.mean(), draws.var(), (draws**3).mean(), (draws**4).mean()]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.06)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 2.5, 40.0])
def test_gamma_numbers(alpha: float) -> None:
    n = 1 << 16
    draws = counter_hash.gamma(alpha, 1, "g", np.arange(n))
    assert np.isfinite(draws).all()
    assert (draws >= 0).all()
    spread = 5 / math.sqrt(n)
    assert abs(draws.mean() - alpha) < spread * math.sqrt(alpha)
    assert abs(draws.var() / alpha - 1) < spread * math.sqrt(6 / alpha + 2)  # its kurtosis is 3 + 6 / alpha
    if alpha == 1:  # the exponential distribution: as many above each logarithm as it says
        for level in (0.1, 1.0, 3.0):
            assert abs((draws > level).mean() - math.exp(-level)) < spread


def test_a_gamma_number_does_not_depend_on_those_beside_it() -> None:
    whole = counter_hash.gamma(0.7, 1, "g", np.arange(50)[:, None], 3, np.arange(4))
    assert whole.shape == (50, 4)
    for start in (0, 7, 49):
        part = counter_hash.gamma(0.7, 1, "g", np.arange(start, 50)[:, None], 3, np.arange(4))
        np.testing.assert_array_equal(part, whole[start:])
    assert not (counter_hash.gamma(0.7, 1, "g", np.arange(50)[:, None], 4, np.arange(4)) == whole).any()


@pytest.mark.parametrize("alpha", [0.3, 1.0, 7.0])
def test_gamma_numbers_are_the_same_bits_for_any_length_and_start(alpha: float) -> None:
    whole = counter_hash.gamma(alpha, 1, "g", np.arange(48))
    for start in range(8):
        for length in range(1, 41):
            part = counter_hash.gamma(alpha, 1, "g", np.arange(start, start + length))
            np.testing.assert_array_equal(part, whole[start : start + length])


@pytest.mark.parametrize("high", [1, 2, 7, 1000])
def test_integers_lie_below_their_limit(high: int) -> None:
    draws = counter_hash.integers(high, 1, "i", np.arange(20_000))
    assert set(np.unique(draws)) == set(range(high))


@pytest.mark.parametrize("length", [0, 1, 2, 1000])
def test_a_permutation_holds_every_place_once(length: int) -> None:
    order = counter_hash.permutation(length, 1, "p", 3)
    assert sorted(order.tolist()) == list(range(length))
    if length > 2:
        assert order.tolist() != counter_hash.permutation(length, 1, "p", 4).tolist()
        assert abs(np.corrcoef(order, np.arange(length))[0, 1]) < 5 / math.sqrt(length)
