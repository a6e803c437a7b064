"""LAMB, worked out by hand for a parameter of two weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optim_cases import made, numbers

from nettrain.arrays.flat import Flat
from nettrain.optim.optimizer import CHUNK

GRADIENTS = [[0.5, 1.0], [-1.0, 0.5], [2.0, 0.0]]
SETTINGS = {"betas": (0.8, 0.9), "epsilon": 0.01}
# means over what they lack: 0.5, 1;  -0.12 / 0.36, 0.26 / 0.36;  0.304 / 0.488, 0.208 / 0.488
# mean squares over what they lack: 0.25, 1;  0.1225 / 0.19, 0.115 / 0.19;  0.51025 / 0.271, 0.1035 / 0.271
STEPS = [
    (0.5 / 0.51, 1 / 1.01),
    (-0.12 / 0.36 / (math.sqrt(0.1225 / 0.19) + 0.01), 0.26 / 0.36 / (math.sqrt(0.115 / 0.19) + 0.01)),
    (0.304 / 0.488 / (math.sqrt(0.51025 / 0.271) + 0.01), 0.208 / 0.488 / (math.sqrt(0.1035 / 0.271) + 0.01)),
]


def test_three_steps() -> None:
    weights = numbers([3.0, 4.0])
    optimizer = made("lamb", weights, weight_decay=0.1, **SETTINGS)
    a, b = 3.0, 4.0
    for gradients, (first, second) in zip(GRADIENTS, STEPS, strict=True):
        optimizer.step(numbers(gradients), 0.1)
        u, v = first + 0.1 * a, second + 0.1 * b
        ratio = math.hypot(a, b) / math.hypot(u, v)
        a, b = a - 0.1 * ratio * u, b - 0.1 * ratio * v
        assert weights.array.tolist() == pytest.approx([a, b], rel=1e-12)
    # 3 - 0.1 * 5 / hypot(1.2803921569, 1.3900990099) * 1.2803921569, and so on
    assert [a, b] == pytest.approx([2.4663022960481, 2.8459529712695], rel=1e-12)


def test_weights_of_zero_move_by_the_plain_step() -> None:
    weights = numbers([0.0, 0.0])
    made("lamb", weights, **SETTINGS).step(numbers([0.5, 1.0]), 0.1)
    assert weights.array.tolist() == pytest.approx([-0.1 * 0.5 / 0.51, -0.1 / 1.01], rel=1e-12)


def test_no_gradient_and_no_decay_move_nothing() -> None:
    weights = numbers([3.0, 4.0])
    made("lamb", weights, weight_decay=0.0).step(numbers([0.0, 0.0]), 0.1)
    assert weights.array.tolist() == [3, 4]


def test_what_does_not_decay_is_not_scaled_either() -> None:
    shapes = {"a.weight": (2,), "a.bias": (2,)}
    weights, gradients = Flat(shapes, np.float64), Flat(shapes, np.float64)
    weights.array[:] = [3, 4, 3, 4]
    gradients.array[:] = [0.5, 1, 0.5, 1]
    made("lamb", weights, no_decay=("*.bias",), weight_decay=0.0, **SETTINGS).step(gradients, 0.1)
    u, v = 0.5 / 0.51, 1 / 1.01
    ratio = 5 / math.hypot(u, v)
    expected = [3 - 0.1 * ratio * u, 4 - 0.1 * ratio * v, 3 - 0.1 * u, 4 - 0.1 * v]
    assert weights.array.tolist() == pytest.approx(expected, rel=1e-12)


def test_the_norm_is_of_a_whole_parameter_however_many_chunks_it_has() -> None:
    shapes = {"a": (3 * CHUNK + 5,)}
    weights, gradients = Flat(shapes, np.float64), Flat(shapes, np.float64)
    weights.array[:] = 0.5
    gradients.array[:] = 1
    made("lamb", weights, weight_decay=0.0).step(gradients, 0.1)
    np.testing.assert_allclose(weights.array, 0.5 - 0.1 * 0.5, rtol=1e-6)  # |w| / |u| is 0.5 / 1
