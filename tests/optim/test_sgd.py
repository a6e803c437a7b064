"""Stochastic gradient descent, worked out by hand."""

from __future__ import annotations

import pytest
from optim_cases import made, numbers

from nettrain.optim.sgd import SgdConfig

GRADIENTS = [0.5, -1.0, 2.0]
START, LR = 1.0, 0.1


def moved(rates: tuple[float, ...] = (LR, LR, LR), **settings: object) -> list[float]:
    """The weight after each of three steps."""
    weights = numbers([START])
    optimizer = made("sgd", weights, **settings)
    path = []
    for g, lr in zip(GRADIENTS, rates, strict=True):
        optimizer.step(numbers([g]), lr)
        path.append(float(weights.array[0]))
    return path


def test_plain() -> None:
    # 1 - 0.1 * 0.5; + 0.1 * 1; - 0.1 * 2
    assert moved() == pytest.approx([0.95, 1.05, 0.85], rel=1e-15)


def test_momentum() -> None:
    # v: 0.5;  0.9 * 0.5 - 1 = -0.55;  0.9 * -0.55 + 2 = 1.505
    assert moved(momentum=0.9) == pytest.approx([0.95, 0.95 + 0.055, 1.005 - 0.1505], rel=1e-15)


def test_nesterov() -> None:
    # g + 0.9 v with v as above: 0.5 + 0.45;  -1 - 0.495;  2 + 1.3545
    assert moved(momentum=0.9, nesterov=True) == pytest.approx([1 - 0.095, 0.905 + 0.1495, 1.0545 - 0.33545], rel=1e-15)


def test_weight_decay_is_coupled_and_passes_through_the_velocity() -> None:
    # g + 0.2 w: 0.5 + 0.2 = 0.7 -> w 0.93;  v = 0.63 + (-1 + 0.186) = -0.184 -> w 0.9484;
    # v = -0.1656 + (2 + 0.18968) = 2.02408 -> w 0.745992
    assert moved(momentum=0.9, weight_decay=0.2) == pytest.approx([0.93, 0.9484, 0.745992], rel=1e-14)


def test_the_learning_rate_is_of_the_step_and_not_in_the_velocity() -> None:
    # v as for momentum, but steps of 0.1, 0.01, 0
    assert moved((0.1, 0.01, 0.0), momentum=0.9) == pytest.approx([0.95, 0.9555, 0.9555], rel=1e-15)


def test_faults() -> None:
    assert dict(SgdConfig(nesterov=True).faults(frozenset({"nesterov"}))) == {
        "nesterov": "has no effect without momentum, because it looks ahead along the velocity; "
        "set momentum, such as 0.9"
    }
    assert not list(SgdConfig(nesterov=True, momentum=0.9).faults(frozenset()))
    assert not list(SgdConfig(nesterov=False).faults(frozenset({"nesterov"})))
