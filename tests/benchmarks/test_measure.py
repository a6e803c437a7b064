"""How figures are taken, and what is said of them."""

from __future__ import annotations

import pytest

from benchmarks.measure import Ratio, Spread, calls_for, in_turn, ratio, spread, timed


def test_contenders_take_turns_and_the_warm_up_does_not_count():
    order = []

    def contender(name, figures):
        left = iter(figures)

        def run():
            order.append(name)
            return next(left)

        return run

    found = in_turn({"a": contender("a", [9.0, 1.0, 2.0]), "b": contender("b", [9.0, 3.0, 4.0])}, rounds=2)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert found == {"a": [1.0, 2.0], "b": [3.0, 4.0]}


def test_a_spread_is_the_median_and_both_ends():
    assert spread([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.0, 2.0)


def test_a_ratio_says_how_many_times_longer_the_other_takes():
    found = ratio([1.0, 2.0, 4.0], [2.0, 2.0, 6.0])
    assert found == Ratio(medians=1.0, rounds=Spread(1.5, 1.0, 2.0))


def test_a_ratio_wants_the_same_rounds_of_both():
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_a_round_is_as_many_calls_as_fill_its_time_and_at_least_one():
    assert calls_for(0.3, 0.1) == 3
    assert calls_for(0.3, 5.0) == 1
    assert calls_for(0.001, 0.0) == 1_000_000


def test_timed_calls_once_and_gives_seconds():
    calls = []
    assert timed(lambda: calls.append(1))() >= 0
    assert calls == [1]
