"""Gradients cut down to size: by hand, exactly, on any number of threads."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from optim_cases import flat, made, numbers

from nettrain.arrays.flat import Flat
from nettrain.arrays.norm import BLOCK, squares_memory, sum_of_squares
from nettrain.optim.clip import Clip
from nettrain.optim.settings import OptimizerConfig


def clipped(values: list[float], **settings: float) -> list[float]:
    found = np.array(values)
    Clip(OptimizerConfig(lr=0.1, **settings), len(values))(found)  # type: ignore[arg-type]
    return found.tolist()


def test_a_norm_that_is_too_large_is_scaled_down() -> None:
    assert clipped([3.0, -4.0], clip_norm=1.0) == pytest.approx([0.6, -0.8], rel=1e-15)
    assert clipped([3.0, -4.0], clip_norm=5.0) == [3, -4]
    assert clipped([0.0, 0.0], clip_norm=1.0) == [0, 0]


def test_values_that_are_too_large_are_cut_off() -> None:
    assert clipped([3.0, -4.0, 0.25], clip_value=0.5) == [0.5, -0.5, 0.25]


def test_without_limits_nothing_happens() -> None:
    assert clipped([3.0, -4.0]) == [3, -4]


def test_the_norm_is_of_all_parameters_together() -> None:
    shapes = {"a": (1,), "b": (1,)}
    weights, gradients = Flat(shapes), Flat(shapes)
    gradients.array[:] = [3, 4]
    made("sgd", weights, clip_norm=1.0).step(gradients, 1.0)
    assert weights.array.tolist() == pytest.approx([-0.6, -0.8])


def test_clipping_comes_before_weight_decay() -> None:
    weights = numbers([2.0])
    made("sgd", weights, clip_norm=1.0, weight_decay=0.5).step(numbers([10.0]), 0.1)
    assert weights.array[0] == pytest.approx(2 - 0.1 * (1 + 1))


@pytest.mark.parametrize("inside", ["sgd", "muon"])
def test_an_optimizer_made_of_others_clips_once(inside: str) -> None:
    def after(scale: float, **settings: float) -> bytes:
        weights, gradients = flat(1), flat(2)
        gradients.array *= scale
        made("lookahead", weights, inside=inside, **settings).step(gradients, 0.1)
        return weights.array.tobytes()

    norm = float(np.linalg.norm(flat(2).array.astype(np.float64)))
    assert after(1, clip_norm=norm / 4) == after(0.25)  # a power of two: the same bits
    assert after(1, clip_norm=norm * 1.01) == after(1)


def test_the_bits_do_not_depend_on_the_number_of_threads(threads: Callable[[int], None]) -> None:
    found = set()
    for count in (1, 2, 3):
        threads(count)
        gradients = flat(2, {"a": (400_001,)}).array
        Clip(OptimizerConfig(lr=1, clip_norm=0.3), gradients.size)(gradients)
        found.add(gradients.tobytes())
    assert len(found) == 1


@pytest.mark.parametrize("n", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 3])
def test_a_sum_of_squares_is_exact_to_the_last_digits(n: int) -> None:
    x = np.random.default_rng(n).normal(size=n).astype(np.float32)
    exact = math.fsum(float(value) ** 2 for value in x)
    assert sum_of_squares(x, squares_memory()) == pytest.approx(exact, rel=1e-14)


def test_squares_that_float32_could_not_hold() -> None:
    assert sum_of_squares(np.array([3e30, 4e30], np.float32), squares_memory()) == pytest.approx(25e60)
    assert sum_of_squares(np.array([3e-30, 4e-30], np.float32), squares_memory()) == pytest.approx(25e-60)
