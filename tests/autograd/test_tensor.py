"""Shapes with symbols in them, and buffers that change only when a step commits."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.autograd.tensor import Dim, Graph, Shape, Spec, Tensor, spec_of, volume
from nettrain.ops.batch_norm import BatchNorm, MoveTowards
from nettrain.ops.through import through


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((), 1),
        ((2, 3, 4), 24),
        (("N",), "N"),
        ((1, "N", 1), "N"),
        ((2, "N"), "2*N"),
        (("N", 3, "classes"), "3*N*classes"),
        (("N", "classes"), "N*classes"),
    ],
)
def test_volume(shape: Shape, expected: Dim) -> None:
    assert volume(shape) == expected


def test_the_spec_of_an_array() -> None:
    assert spec_of(np.zeros((2, 3))) == Spec((2, 3), np.dtype(np.float64))
    assert spec_of(Spec(("N",))) == Spec(("N",), np.dtype(np.float32))


def test_proposals_change_buffers_at_apply_and_not_before() -> None:
    mean, var = Tensor(np.zeros(2, np.float32)), Tensor(np.ones(2, np.float32))
    memory = mean.array
    graph = Graph()
    one = Tensor(np.ones(2, np.float32))
    norm = BatchNorm(one, one, (mean, var), momentum=0.5, epsilon=1e-5, training=True)
    through(graph.input(np.array([[2, 4], [4, 8]], np.float32)), epilogue=[norm])
    assert (mean.array.tolist(), var.array.tolist()) == ([0, 0], [1, 1])
    for proposal in graph.proposals:
        proposal.apply()
    assert (mean.array.tolist(), var.array.tolist()) == ([1.5, 3], [1.5, 4.5])
    assert mean.array is memory  # written in place, so that views of it see the change


@pytest.mark.parametrize(("target", "finite"), [(1.0, True), (np.nan, False), (np.inf, False)])
def test_a_proposal_says_whether_it_is_finite(target: float, finite: bool) -> None:
    assert MoveTowards(Tensor(np.zeros(1)), np.array([target]), 0.1).finite() is finite


def test_a_dry_run_proposes_nothing() -> None:
    graph = Graph()
    two = Tensor(Spec((2,)))
    norm = BatchNorm(two, two, (two, two), momentum=0.5, epsilon=1e-5, training=True)
    through(graph.input(Spec(("N", 2))), epilogue=[norm])
    assert graph.proposals == []
