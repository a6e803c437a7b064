"""Lookahead, worked out by hand around plain gradient descent, and taken up between two moments."""

from __future__ import annotations

import numpy as np
import pytest
from optim_cases import chosen, made, numbers

from nettrain.optim.lookahead import LookaheadConfig


def test_three_steps() -> None:
    weights = numbers([1.0])
    optimizer = made("lookahead", weights, inside="sgd", sync=2, alpha=0.25)
    path = []
    for g in (0.5, -1.0, 2.0, 4.0):
        optimizer.step(numbers([g]), 0.1)
        path.append((float(weights.array[0]), float(optimizer.state()["slow/w"][0])))
    # fast 0.95, then 1.05: slow 1 + 0.25 * 0.05 = 1.0125, where both go on;  0.8125, then 0.4125: 1.0125 - 0.25 * 0.6
    expected = [(0.95, 1), (1.0125, 1.0125), (0.8125, 1.0125), (0.8625, 0.8625)]
    assert np.array(path) == pytest.approx(np.array(expected), rel=1e-14)


def test_what_the_optimizer_inside_remembers_stays() -> None:
    weights = numbers([1.0])
    optimizer = made("lookahead", weights, inside="sgd", sync=1, alpha=0.5, momentum=0.5)
    for g in (1.0, 1.0):
        optimizer.step(numbers([g]), 0.1)
    # v 1, w 0.9, half way 0.95;  v 1.5, w 0.8, half way 0.875
    assert weights.array[0] == pytest.approx(0.875)
    assert list(optimizer.state()) == ["velocity/w", "slow/w"]


def test_the_slow_weights_begin_as_the_weights_are_at_the_first_step() -> None:
    weights = numbers([1.0])
    optimizer = made("lookahead", weights, inside="sgd", sync=1, alpha=0.5)
    weights.array[:] = 3  # as when a model starts from another one's weights
    optimizer.step(numbers([1.0]), 0.1)
    assert weights.array[0] == pytest.approx(2.95)


def test_steps_count_from_where_the_training_is_taken_up() -> None:
    def path(stop: int | None) -> list[float]:
        weights = numbers([1.0])
        optimizer = made("lookahead", weights, inside="adam", sync=3)
        found = []
        for step in range(7):
            if step == stop:
                saved = {name: array.copy() for name, array in optimizer.state().items()}
                weights = numbers([float(weights.array[0])])
                optimizer = made("lookahead", weights, inside="adam", sync=3)
                for name, array in optimizer.state().items():
                    array[...] = saved[name]
                optimizer.steps = step
            optimizer.step(numbers([1.0 - step]), 0.1)
            found.append(float(weights.array[0]))
        return found

    assert [path(stop) for stop in range(7)] == [path(None)] * 7


def test_faults() -> None:
    nested = LookaheadConfig(optimizer=chosen("lookahead", inside="sgd"))
    assert dict(nested.faults(frozenset())) == {
        "optimizer": "expected an optimizer that makes steps of its own, got another lookahead"
    }
    assert LookaheadConfig(optimizer=chosen("sgd", lr=0.3)).lr == 0.3
