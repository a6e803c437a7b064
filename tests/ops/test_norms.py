"""The norms that look at one picture at a time, beyond the table of cases: statistics, company, numbers far from 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from promises import Array, walk_back

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Graph, Leaf, Tensor
from nettrain.ops.group_norm import GroupNorm, InstanceNorm
from nettrain.ops.layer_norm import LayerNorm
from nettrain.ops.through import through

EPSILON = 1e-5
NORMS: dict[str, Callable[[Tensor, Tensor], Part]] = {
    "layer_norm": lambda weight, bias: LayerNorm(weight, bias, epsilon=EPSILON),
    "group_norm": lambda weight, bias: GroupNorm(weight, bias, groups=2, epsilon=EPSILON),
    "instance_norm": lambda weight, bias: InstanceNorm(weight, bias, epsilon=EPSILON),
}
each_norm = pytest.mark.parametrize("norm", NORMS)


def run(norm: str, x: Array, weight: float = 1, bias: float = 0, recorded: bool = True) -> Tensor:
    """The part on ``x``."""
    C = x.shape[-1]
    leaves = [Leaf(x, "x"), Leaf(np.full(C, weight, x.dtype), "weight"), Leaf(np.full(C, bias, x.dtype), "bias")]
    if recorded:
        leaves[0].graph = Graph()
    return through(leaves[0] if recorded else Tensor(x), epilogue=[NORMS[norm](leaves[1], leaves[2])])


def sets(norm: str, y: Array) -> Array:
    """The numbers that share a mean and a variance, (sets, numbers)."""
    N, C = y.shape[0], y.shape[-1]
    if norm == "layer_norm":
        return y.reshape(-1, C)
    groups = 2 if norm == "group_norm" else C
    return y.reshape(N, -1, groups, C // groups).transpose(0, 2, 1, 3).reshape(N * groups, -1)


@each_norm
@pytest.mark.parametrize("recorded", [True, False])
def test_each_set_has_mean_0_and_variance_1(norm: str, recorded: bool) -> None:
    x = np.random.default_rng(1).normal(3, 2, (7, 6, 5, 40)).astype(np.float32)
    found = sets(norm, run(norm, x, recorded=recorded).array.astype(np.float64))
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(found.var(axis=1), 1, rtol=1e-4)


@each_norm
def test_weight_and_bias_come_after(norm: str) -> None:
    x = np.random.default_rng(1).normal(size=(3, 6, 5, 4))
    np.testing.assert_allclose(run(norm, x, 2, 3).array, 2 * run(norm, x).array + 3, rtol=1e-12)


@each_norm
@pytest.mark.parametrize("offset", [100, 1e4, -1e5])
def test_the_variance_survives_an_offset_in_float32(norm: str, offset: float) -> None:
    x = np.random.default_rng(1).normal(offset, 1, (5, 32, 32, 16)).astype(np.float32)
    found, exact = run(norm, x).array, x.astype(np.float64)
    expected = run(norm, exact).array
    np.testing.assert_allclose(found, expected, atol=4e-7 * abs(offset) + 1e-5)
    np.testing.assert_allclose(run(norm, x, recorded=False).array, expected, atol=4e-7 * abs(offset) + 1e-5)
    np.testing.assert_allclose(sets(norm, found).std(axis=1), sets(norm, expected).std(axis=1), rtol=1e-3)


@each_norm
@pytest.mark.parametrize("value", [0.0, 3.3, -1000.3])
def test_equal_values_give_the_bias(norm: str, value: float) -> None:
    x = np.full((3, 33, 31, 6), value, np.float32)
    y = run(norm, x, bias=0.5)
    np.testing.assert_allclose(y.array, 0.5, atol=2 * 316 * abs(value) * 2.0**-23)
    assert np.isfinite(walk_back(y, np.ones_like(x))["x"]).all()


@each_norm
@pytest.mark.parametrize("recorded", [True, False])
def test_another_picture_has_no_part_in_it(norm: str, recorded: bool) -> None:
    x = np.random.default_rng(1).normal(size=(9, 4, 4, 6)).astype(np.float32)
    before = run(norm, x, recorded=recorded).array.copy()
    x[4] = np.nan
    after = run(norm, x, recorded=recorded).array
    assert np.isnan(after[4]).all()
    assert np.delete(after, 4, axis=0).tobytes() == np.delete(before, 4, axis=0).tobytes()


@each_norm
def test_the_gradient_has_nothing_along_what_the_norm_takes_away(norm: str) -> None:
    """Neither a shift of a set nor its scale changes the result, so the gradient is at right angles to both."""
    x = np.random.default_rng(1).normal(size=(5, 6, 5, 4)) * 30  # so that epsilon counts for nothing
    y = run(norm, x)
    gradient = sets(norm, walk_back(y, np.random.default_rng(2).normal(size=x.shape))["x"])
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose((gradient * sets(norm, x)).sum(axis=1), 0, atol=1e-6)
