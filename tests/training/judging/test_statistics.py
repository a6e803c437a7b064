"""Wilson's interval, McNemar's test and the paired bootstrap against published values and numbers worked by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettrain.training.judging.statistics import mcnemar_exact, mean_and_spread, paired_bootstrap, wilson_interval

# Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, method 3
PUBLISHED = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("hits", "n", "low", "high"), PUBLISHED)
def test_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    found = wilson_interval(hits, n)
    assert [round(value, 4) for value in found] == [low, high]


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_both_ends_are_where_the_normal_test_just_rejects(trial: tuple[int, int]) -> None:
    hits, n = trial
    low, high = wilson_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    z = 1.959963984540054
    for end, trivial in ((low, hits == 0), (high, hits == n)):
        if not trivial:
            distance = float(Fraction(hits, n) - Fraction(end))
            assert math.isclose(abs(distance), z * math.sqrt(end * (1 - end) / n), rel_tol=1e-6, abs_tol=1e-12)


def test_the_ends_are_exact() -> None:
    assert wilson_interval(0, 7)[0] == 0.0
    assert wilson_interval(7, 7)[1] == 1.0


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(hits: int, n: int) -> None:
    message = f"^{hits} hits of {n}; expected at least 1 trial, and hits among them$"
    with pytest.raises(ValueError, match=message):
        wilson_interval(hits, n)


BY_HAND = [
    (0, 0, 1.0),
    (0, 1, 1.0),
    (0, 5, 2 / 32),
    (5, 0, 2 / 32),
    (1, 8, 2 * (1 + 9) / 512),
    (3, 4, 1.0),
    (2, 8, 2 * (1 + 10 + 45) / 1024),
    (6, 6, 1.0),
]


@pytest.mark.parametrize(("first", "second", "p"), BY_HAND)
def test_mcnemar_by_hand(first: int, second: int, p: float) -> None:
    assert mcnemar_exact(first, second) == p


@settings(max_examples=25)
@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_the_binomial_test(first: int, second: int) -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    if first + second:
        expected = scipy_stats.binomtest(first, first + second).pvalue
        assert mcnemar_exact(first, second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_many_pictures_is_the_normal_test_with_its_correction() -> None:
    normal = math.erfc((400 - 1) / math.sqrt(40_400) / math.sqrt(2))
    assert mcnemar_exact(20_000, 20_400) == pytest.approx(normal, abs=1e-5)
    assert mcnemar_exact(0, 5_000) == 0.0  # 2 / 2**5000 is below every float64


def test_a_bootstrap_of_equal_differences_has_no_width() -> None:
    assert paired_bootstrap(np.full(7, 0.25)) == (0.25, 0.25)


def test_a_bootstrap_is_near_the_normal_interval_and_always_the_same() -> None:
    differences = np.zeros(1000)
    differences[:60], differences[60:100] = 1, -1
    low, high = paired_bootstrap(differences)
    assert (low, high) == paired_bootstrap(differences)
    deviation = math.sqrt((0.1 - 0.02**2) / 1000)  # of the mean: 0.02, and the mean of squares: 0.1
    assert low == pytest.approx(0.02 - 1.96 * deviation, abs=0.0015)
    assert high == pytest.approx(0.02 + 1.96 * deviation, abs=0.0015)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10_001])
def test_a_bootstrap_of_any_number(n: int) -> None:
    """Odd numbers too, of which the last pair of draws has one to spare."""
    low, high = paired_bootstrap(np.arange(n) % 2.0)
    assert 0 <= low <= (n // 2) / n <= high <= 1
    assert (low, high) == ((0.0, 0.0) if n == 1 else (low, high))


def test_a_bootstrap_of_two_by_hand() -> None:
    """Means of 0, 1/2 and 1 with a probability of 1/4, 1/2 and 1/4: both ends are beyond 2.5 %."""
    assert paired_bootstrap(np.array([0.0, 1.0])) == (0.0, 1.0)
    assert paired_bootstrap(np.array([0.0, 1.0]), confidence=0.4) == (0.5, 0.5)


def test_mean_and_spread_by_hand() -> None:
    assert mean_and_spread([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]) == (5.0, math.sqrt(32 / 7))
    assert mean_and_spread([0.5]) == (0.5, None)


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match=r"^no differences; expected at least one$"):
        paired_bootstrap(np.zeros(0))
    with pytest.raises(ValueError, match=r"^no values; expected at least one$"):
        mean_and_spread([])
