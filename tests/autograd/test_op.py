"""The decorator: what is recorded, what is not, and what an operation is told."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np
import pytest
from small_ops import double, plus

from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import op
from nettrain.autograd.tensor import Array, Graph, Leaf, Needs, Spec, Tensor
from nettrain.ops.bias import Bias
from nettrain.ops.linear import linear
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.relu import relu

X = np.array([[1.0, 2.0]])


def test_nothing_is_recorded_without_a_graph_or_a_trained_input() -> None:
    assert double(Tensor(X)).node is None
    assert double(Leaf(X)).node is None
    graph = Graph()
    y = double(graph.input(X))
    assert y.node is None
    assert y.graph is graph
    assert graph.nodes == 0


def test_what_a_node_records() -> None:
    graph = Graph()
    graph.layer = "layers.2"
    x, w, b = graph.input(X.astype(np.float32)), Leaf(np.ones((2, 3), np.float32)), Leaf(np.ones(3, np.float32))
    y = linear(x, w, epilogue=[Bias(b), Pointwise(relu, {})])
    node = y.node
    assert node is not None
    assert (node.number, node.op, node.layer, node.parts) == (1, "linear", "layers.2", ("bias", "relu"))
    assert node.inputs == (x, w, b)
    assert node.output == Spec((1, 3), np.dtype(np.float32))
    following = double(y).node
    assert following is not None
    assert following.number == graph.nodes == 2


def test_outside_recording_what_was_kept_dies_at_once() -> None:
    kept: list[weakref.ref[Array]] = []

    @op("(...)->(...)")
    def keep(x: Array) -> tuple[Array, object]:
        large = np.ones(9)
        kept.append(weakref.ref(large))
        return x * 2, (lambda g: g * large[0],)

    keep(Tensor(X))
    assert kept[0]() is None
    graph = Graph()
    x = Leaf(X)
    x.graph = graph
    y = keep(x)
    assert kept[1]() is not None
    del y
    assert kept[1]() is None


def test_an_operation_may_ask_whether_it_is_recorded() -> None:
    heard: list[bool] = []

    @op("(...)->(...)")
    def ask(x: Array, *, recorded: bool = False) -> tuple[Array, object]:
        heard.append(recorded)
        return x, (lambda g: g,)

    ask(Tensor(X))
    ask(Graph().input(X))
    assert heard == [False, True]


def test_only_needed_gradients_are_asked_for() -> None:
    asked: list[tuple[bool, ...]] = []

    @op("(...),(...)->(...)")
    def two(x: Array, y: Array) -> tuple[Array, object]:
        def back(g: Array, needs: Needs) -> Sequence[Array | None]:
            asked.append(tuple(needs))
            return [None, g]

        return x + y, back

    graph = Graph()
    w = Leaf(X)
    y = two(graph.input(X), w)
    assert y.node is not None
    y.node.backward(X, Needs([x.needs_gradient for x in y.node.inputs]))
    assert asked == [(False, True)]


def test_the_signature_is_also_told_for_a_shape_without_an_array() -> None:
    y = plus(Tensor(X), Tensor(Spec((1, 2), np.dtype(np.float32))))
    assert y.value == Spec((1, 2), np.dtype(np.float64))


def test_a_dry_run_says_that_it_has_no_array() -> None:
    with pytest.raises(TypeError) as error:
        _ = Tensor(Spec(("N", 3))).array
    assert str(error.value) == "a dry run has shapes only, no array: ('N', 3)"


def test_an_operation_keeps_its_name_and_prose() -> None:
    assert linear.__name__ == linear.name == "linear"
    assert (linear.__doc__ or "").startswith("Every output is the weighted sum of a row")
    assert linear.signature.text == "(N,C),(C,K)->(N,K)"


def test_a_part_that_overrides_nothing_changes_nothing() -> None:
    graph = Graph()
    w = Leaf(np.ones((2, 3)))
    x = graph.input(X)
    assert (linear(x, w, epilogue=[Part()]).array == linear(x, w).array).all()
