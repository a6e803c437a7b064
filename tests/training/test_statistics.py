"""Wilson's interval against published values, its defining equation, and its limits."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.training.statistics import wilson_interval

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
