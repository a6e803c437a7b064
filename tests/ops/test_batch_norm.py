"""Batch norm beyond the table of cases: running statistics, a single value a channel, numbers far from 0."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from promises import Array, walk_back

from nettrain.autograd.tensor import Graph, Leaf, Tensor
from nettrain.ops.batch_norm import BatchNorm
from nettrain.ops.through import through


def run(x: Array, momentum: float = 0.1, training: bool = True) -> tuple[Tensor, Graph, tuple[Tensor, Tensor]]:
    """The part on ``x`` with weight 2, bias 3, and fresh buffers."""
    C = x.shape[-1]
    graph = Graph()
    leaf = Leaf(x, "x")
    leaf.graph = graph
    running = Tensor(np.zeros(C, x.dtype)), Tensor(np.ones(C, x.dtype))
    weight, bias = Leaf(np.full(C, 2, x.dtype), "weight"), Leaf(np.full(C, 3, x.dtype), "bias")
    norm = BatchNorm(weight, bias, running, momentum=momentum, epsilon=1e-5, training=training)
    return through(leaf, epilogue=[norm]), graph, running


@pytest.mark.parametrize("shape", [(71, 4), (37, 3, 5, 4), (2, 1, 1, 4)])
def test_proposals_move_the_running_statistics_as_pytorch_does(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).normal(2, 3, shape)
    _, graph, (mean, var) = run(x)
    assert (mean.array == 0).all()
    assert (var.array == 1).all()
    assert all(proposal.finite() for proposal in graph.proposals)
    for proposal in graph.proposals:
        proposal.apply()
    rows = x.reshape(-1, 4)
    np.testing.assert_allclose(mean.array, 0.1 * rows.mean(0), rtol=1e-12)
    np.testing.assert_allclose(var.array, 0.9 + 0.1 * rows.var(0, ddof=1), rtol=1e-12)


def test_without_training_nothing_is_proposed() -> None:
    assert run(np.ones((3, 4)), training=False)[1].proposals == []


def test_a_single_value_gives_the_bias_and_the_biased_variance() -> None:
    y, graph, (mean, var) = run(np.array([[5.0, -7.0]]))
    assert y.array.tolist() == [[3, 3]]
    assert (walk_back(y, np.ones((1, 2)))["x"] == 0).all()
    for proposal in graph.proposals:
        proposal.apply()
    np.testing.assert_allclose(mean.array, [0.5, -0.7])
    np.testing.assert_allclose(var.array, [0.9, 0.9])


def test_equal_values_give_the_bias() -> None:
    y = run(np.full((9, 2, 2, 3), 1e6, np.float32))[0].array
    np.testing.assert_allclose(y, 3, atol=1e-3)


@pytest.mark.parametrize("offset", [0, 100, 1e4])
def test_the_variance_survives_an_offset_in_float32(offset: float) -> None:
    x = np.random.default_rng(1).normal(offset, 1, (64, 8, 8, 3)).astype(np.float32)
    y, graph, _ = run(x, momentum=1.0)
    for proposal in graph.proposals:
        proposal.apply()
    exact = x.astype(np.float64).reshape(-1, 3)
    np.testing.assert_allclose(graph.proposals[1].target, exact.var(0, ddof=1), rtol=1e-3)  # type: ignore[attr-defined]
    np.testing.assert_allclose(y.array.reshape(-1, 3).std(0), 2, rtol=1e-3)


def test_a_target_that_is_not_finite_is_said() -> None:
    x = np.ones((5, 2))
    x[3, 1] = np.inf
    assert [proposal.finite() for proposal in run(x)[1].proposals] == [False, False]


def test_pictures_are_merged_as_one_batch_whatever_the_pieces() -> None:
    x = np.random.default_rng(1).normal(size=(70, 5))
    whole = [run(x[order])[1].proposals for order in (np.arange(70), np.random.default_rng(2).permutation(70))]
    for (a, b), (c, d) in pairwise(whole):
        np.testing.assert_allclose([a.target, b.target], [c.target, d.target], rtol=1e-12)  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", [(33, 31, 29, 2), (4, 128, 128, 3), (128, 16, 16, 2)], ids=str)
@pytest.mark.parametrize("value", [3.3, -1000.3])
def test_a_constant_channel_gives_the_bias_however_many_pixels_there_are(shape: tuple[int, ...], value: float) -> None:
    """A long float32 sum is off by far more than the last place; the mean must not be."""
    x = np.full(shape, value, np.float32)
    C = shape[-1]
    weight, bias = Tensor(np.ones(C, np.float32)), Tensor(np.full(C, 0.5, np.float32))
    running = Tensor(np.zeros(C, np.float32)), Tensor(np.ones(C, np.float32))
    part = BatchNorm(weight, bias, running, momentum=1.0, epsilon=1e-5, training=True)
    y = through(Graph().input(x), epilogue=[part]).array
    spacing = abs(value) * 2.0**-23  # of float32 here; epsilon scales it up by 316
    np.testing.assert_allclose(y, 0.5, atol=316 * spacing)
    mean, variance = (proposal.target for proposal in part.proposals())
    np.testing.assert_allclose(mean, value, rtol=1e-7)
    np.testing.assert_allclose(variance, 0, atol=(4 * spacing) ** 2)
