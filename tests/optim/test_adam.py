"""Adam and AdamW, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optim_cases import made, numbers

GRADIENTS = [0.5, -1.0, 2.0]
START, LR, EPSILON = 1.0, 0.1, 1e-8
# with betas (0.8, 0.9)
MEANS = [0.1, -0.12, 0.304]  # 0.2 * 0.5;  0.8 * 0.1 - 0.2;  0.8 * -0.12 + 0.4
SQUARES = [0.025, 0.1225, 0.51025]  # 0.1 * 0.25;  0.9 * 0.025 + 0.1;  0.9 * 0.1225 + 0.4
MEANS_LACK = [0.2, 0.36, 0.488]  # 1 - 0.8, 1 - 0.64, 1 - 0.512
SQUARES_LACK = [0.1, 0.19, 0.271]  # 1 - 0.9, 1 - 0.81, 1 - 0.729


def moved(kind: str, **settings: object) -> list[float]:
    weights = numbers([START])
    optimizer = made(kind, weights, **{"betas": (0.8, 0.9), **settings})
    path = []
    for g in GRADIENTS:
        optimizer.step(numbers([g]), LR)
        path.append(float(weights.array[0]))
    return path


def test_adam() -> None:
    w, expected = START, []
    for m, s, m_lacks, s_lacks in zip(MEANS, SQUARES, MEANS_LACK, SQUARES_LACK, strict=True):
        w -= LR * (m / m_lacks) / (math.sqrt(s / s_lacks) + EPSILON)
        expected.append(w)
    assert moved("adam") == pytest.approx(expected, rel=1e-14)
    assert expected[0] == pytest.approx(0.9, rel=1e-6)  # the first step is lr, whatever the gradient


def test_adamw_decays_before_the_step_and_apart_from_it() -> None:
    w, expected = START, []
    for m, s, m_lacks, s_lacks in zip(MEANS, SQUARES, MEANS_LACK, SQUARES_LACK, strict=True):
        w = w - LR * 0.3 * w - LR * (m / m_lacks) / (math.sqrt(s / s_lacks) + EPSILON)
        expected.append(w)
    assert moved("adamw", weight_decay=0.3) == pytest.approx(expected, rel=1e-14)


def test_adam_scales_its_decay_with_the_gradient() -> None:
    # the first step is lr in the direction of 0.5 + 0.3 * 1, however large the decay
    assert moved("adam", weight_decay=0.3)[0] == pytest.approx(0.9, rel=1e-6)
    # g = -1 + 0.3 * 0.9 = -0.73:  m = 0.8 * 0.16 - 0.2 * 0.73 = -0.018;  s = 0.9 * 0.064 + 0.1 * 0.5329 = 0.11089
    second = 0.9 + 0.1 * (0.018 / 0.36) / math.sqrt(0.11089 / 0.19)
    assert moved("adam", weight_decay=0.3)[1] == pytest.approx(second, rel=1e-6)


def test_adamw_without_decay_is_adam() -> None:
    assert moved("adamw", weight_decay=0.0) == moved("adam")


def test_epsilon_keeps_a_weight_without_gradient_where_it_is() -> None:
    weights = numbers([2.0, 3.0], np.float32)
    optimizer = made("adam", weights)
    for _ in range(3):
        optimizer.step(numbers([0.0, 1.0], np.float32), LR)
    assert weights.array[0] == 2
    assert weights.array[1] == pytest.approx(2.7, rel=1e-6)
