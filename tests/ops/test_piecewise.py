"""Epilogues that cannot be run, and parts that were not recorded."""

from __future__ import annotations

import numpy as np
import pytest
from op_cases import batch_norm
from promises import Case, walk_back, weights_for

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Graph, Needs
from nettrain.ops.bias import Bias
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.relu import relu
from nettrain.ops.through import through

THREE = np.ones(3)
X = np.ones((2, 3))


def leaves() -> Case:
    """A case only for its way to make trained tensors: x, weight, bias."""
    return Case(
        through,
        "",
        {"x": ("N", 3), "weight": (3,), "bias": (3,)},
        lambda x, weight, bias: through(x, epilogue=[Bias(bias), batch_norm(weight, bias)]),
        lambda x, weight, bias: x,
    )


def test_only_the_first_part_may_collect() -> None:
    case = leaves()
    with pytest.raises(TypeError) as error:
        case.record(case.arrays(2))
    assert str(error.value) == "only the first part of an epilogue may collect"


@pytest.mark.parametrize("kind", ["batch_norm", "relu"])
def test_a_part_that_was_not_recorded_cannot_be_walked_back(kind: str) -> None:
    graph = Graph()
    part: Part = Pointwise(relu, {})
    if kind == "batch_norm":
        part = batch_norm(graph.input(THREE), graph.input(THREE), training=False)
    part.open((2, 3), 1, recorded=False)
    part.apply(0, slice(0, 2), X, np.empty_like(X))
    part.open_back(Needs([True] * len(part.tensors)))
    with pytest.raises(TypeError) as error:
        part.back(0, slice(0, 2), X, np.empty_like(X))
    assert str(error.value) == f"{kind}: nothing was recorded to walk back through"


def test_parts_may_come_in_any_number() -> None:
    case = Case(
        through,
        "",
        {"x": ("N", 3)},
        lambda x: through(x, epilogue=[Part() for _ in range(9)]),
        lambda x: x,
    )
    arrays = case.arrays(5)
    y = case.record(arrays)
    assert (y.array == arrays["x"]).all()
    g = weights_for(y.array)
    assert (walk_back(y, g)["x"] == g).all()
