"""Dropout beyond the table of cases: what a mask depends on, and how many numbers it drops."""

from __future__ import annotations

import numpy as np
import pytest
from promises import Array

from nettrain.autograd.tensor import Graph
from nettrain.ops.dropout import Dropout
from nettrain.ops.through import through


def mask(
    pictures: int, rate: float = 0.5, *, seed: int = 1, layer: str = "layers.1", epoch: int = 0, start: int = 0
) -> Array:
    """What becomes of ones."""
    part = Dropout(rate, seed=seed, layer=layer, epoch=epoch, start=start)
    return through(Graph().input(np.ones((pictures, 4, 4, 2), np.float32)), epilogue=[part]).array


def test_the_mask_of_a_picture_does_not_depend_on_its_batch() -> None:
    whole = mask(40)
    parts = [mask(13), mask(7, start=13), mask(20, start=20)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("other", [{"seed": 2}, {"layer": "layers.2"}, {"epoch": 1}, {"start": 40}])
def test_everything_else_gives_another_mask(other: dict[str, object]) -> None:
    same = (mask(40) == mask(40, **other)).mean()  # type: ignore[arg-type]
    assert 0.4 < same < 0.6


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_the_rate_is_the_probability_of_dropping_and_the_mean_stays(rate: float) -> None:
    y = mask(1000, rate)
    assert (y == 0).mean() == pytest.approx(rate, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.03)
    assert set(np.unique(y)) <= {np.float32(0), np.float32(1 / (1 - rate))}


def test_a_rate_near_one_is_possible() -> None:
    assert np.isfinite(mask(2, np.nextafter(1.0, 0.0))).all()
