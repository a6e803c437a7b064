"""The walk back: long chains, shared tensors, shared memory, what is left behind, and what is refused."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_ops import double, inverse, negative, plus, plus_twice, same, times, total, twice_plus, view

from nettrain.arrays import memory
from nettrain.arrays.windows import Window
from nettrain.autograd.backward import backward
from nettrain.autograd.op import NonFinite, Op, op
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Array, Graph, Leaf, Needs, Spec, Tensor
from nettrain.ops.batch_norm import BatchNorm
from nettrain.ops.conv2d import conv2d
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.flatten import flatten
from nettrain.ops.linear import linear
from nettrain.ops.max_pool import MaxPool
from nettrain.ops.mean import mean
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.relu import relu

LONG = 20_000


def leaf(values: list[float] | Array, graph: Graph, name: str = "x") -> Leaf:
    """A trained tensor that starts a recording."""
    x = Leaf(np.asarray(values, np.float64), name)
    x.graph = graph
    return x


def test_a_long_chain_is_walked_without_recursion() -> None:
    x = y = leaf([1.0, 2.0], Graph())
    for _ in range(LONG):
        y = same(y)
    assert backward(total(y))[x].tolist() == [1, 1]


def test_a_long_chain_is_dropped_without_recursion() -> None:
    y: Tensor = leaf([1.0, 2.0], Graph())
    for _ in range(LONG):
        y = same(y)
    del y


def test_a_tensor_used_twice_by_one_operation() -> None:
    x = leaf([1.0, -3.0], Graph())
    assert backward(total(times(x, x)))[x].tolist() == [2, -6]


def test_a_tensor_used_by_many_operations() -> None:
    x = leaf([1.0, -3.0], Graph())
    y = plus(plus(double(x), times(x, x)), x)
    assert backward(total(y))[x].tolist() == [2 + 2 + 1, 2 - 6 + 1]


def test_a_diamond_doubles_at_every_storey() -> None:
    x = y = leaf([1.0], Graph())
    for _ in range(40):
        y = plus(y, same(y))
    assert backward(total(y))[x].tolist() == [2.0**40]


def test_only_what_the_loss_depends_on_has_a_gradient() -> None:
    graph = Graph()
    x, y = leaf([1.0], graph), leaf([2.0], graph, "y")
    double(y)
    assert set(backward(total(double(x)))) == {x}


def test_plain_values_get_no_gradient_and_cost_none() -> None:
    def never(g: Array) -> Array:
        raise TypeError("nobody needs it")

    @op("(...),(...)->(...)")
    def half(x: Array, y: Array) -> tuple[Array, tuple[object, ...]]:
        return x * y, (never, lambda g: g * x)

    graph = Graph()
    x, w = graph.input(np.array([5.0])), Leaf(np.array([3.0]), "w")
    assert backward(total(half(x, w)))[w].tolist() == [5]


def test_the_same_memory_handed_two_ways_stays_whole() -> None:
    """``g`` goes to x and, through an operation that adds to x as well, on to w."""
    graph = Graph()
    x, w = leaf([1.0, 2.0], graph), leaf([3.0, 4.0], graph, "w")
    gradients = backward(total(plus(x, twice_plus(x, w))))
    assert gradients[w].tolist() == [1, 1]
    assert gradients[x].tolist() == [3, 3]


def test_a_residual_fan_out_is_not_corrupted_by_work_in_place() -> None:
    x = leaf([1.0, 2.0], Graph())
    y = same(x)
    for _ in range(3):
        y = plus(view(y), negative(same(y)))  # y - y, twice over
        y = plus_twice(y, x)
    assert backward(total(y))[x].tolist() == [2, 2]


UNARY: tuple[tuple[Op, int], ...] = ((double, 2), (same, 1), (view, 1), (negative, -1))
BINARY: tuple[tuple[Op, int, int], ...] = ((plus, 1, 1), (twice_plus, 2, 1), (plus_twice, 1, 2))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=25))
def test_any_graph_of_linear_operations(steps: list[tuple[int, int, int]]) -> None:
    """Each tensor is a sum of the two leaves with whole weights, counted beside it; gradients are then exact."""
    graph = Graph()
    tensors: list[Tensor] = [leaf(np.ones(3), graph, "a"), leaf(np.ones(3), graph, "b")]
    a, b = tensors
    weights = [np.array([1, 0]), np.array([0, 1])]
    for kind, i, j in steps:
        i, j = i % len(tensors), j % len(tensors)
        if kind < len(UNARY):
            unary, by_x = UNARY[kind]
            tensors.append(unary(tensors[i]))
            weights.append(by_x * weights[i])
        else:
            binary, by_x, by_y = BINARY[kind - len(UNARY)]
            tensors.append(binary(tensors[i], tensors[j]))
            weights.append(by_x * weights[i] + by_y * weights[j])
    gradients = backward(total(plus(tensors[-1], tensors[len(tensors) // 2])))
    expected = weights[-1] + weights[len(weights) // 2]
    for x, weight in zip((a, b), expected, strict=True):
        assert gradients.get(x, np.zeros(3)).tolist() == [weight] * 3  # type: ignore[call-overload]


def test_an_operation_owns_its_gradient_only_if_nobody_else_holds_it() -> None:
    owned: list[bool] = []

    @op("(...)->(...)")
    def look(x: Array) -> tuple[Array, object]:
        def back(g: Array, needs: Needs) -> list[Array]:
            owned.append(needs.owned)
            return [g]

        return x.copy(), back

    x = leaf([1.0], Graph())
    backward(total(look(x)))
    backward(total(plus(x, look(x))))
    backward(total(plus(double(look(x)), look(x))))  # walked from the right; ``double`` makes memory of its own
    assert owned == [True, False, False, True]


def test_a_released_graph_cannot_be_walked_again() -> None:
    x = leaf([1.0], Graph())
    y = double(x)
    loss = total(y)
    backward(loss)
    for again in (loss, total(y)):
        with pytest.raises(TypeError) as error:
            backward(again)
        assert str(error.value) == "this graph has been walked back already; record it again"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: double(x), "backward: expected a recorded loss of shape (), got (2,)"),
        (lambda x: Tensor(np.float64(1)), "backward: expected a recorded loss of shape (), got ()"),
    ],
)
def test_what_is_not_a_recorded_number_is_refused(make: object, message: str) -> None:
    with pytest.raises(ShapeError) as error:
        backward(make(leaf([1.0, 2.0], Graph())))  # type: ignore[operator]
    assert str(error.value) == message


def test_a_dry_run_cannot_be_walked_back() -> None:
    graph = Graph()
    loss = total(double(plus(graph.input(Spec(("N", 3))), Leaf(Spec(("N", 3)), "w"))))
    assert graph.nodes == 3
    with pytest.raises(TypeError) as error:
        backward(loss)
    assert str(error.value) == "a dry run has shapes only, no array: ()"


@op("(...)->(...)")
def forgetful(x: Array) -> tuple[Array, object]:
    return x, lambda g, needs: [None]


@op("(...)->(...)")
def misshapen(x: Array) -> tuple[Array, object]:
    return x, lambda g, needs: [g[:1]]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (forgetful, "forgetful: no gradient came back for an input that needs one"),
        (misshapen, "misshapen: a gradient has shape (1,), its input (2,)"),
    ],
)
def test_an_operation_that_breaks_its_word_is_named(wrong: Op, message: str) -> None:
    with pytest.raises(ShapeError) as error:
        backward(total(wrong(leaf([1.0, 2.0], Graph()))))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("layer", "start", "message"),
    [
        ("layers.3", np.nan, "layers.3: the output of double is not finite"),
        ("", np.inf, "double: the output of double is not finite"),
    ],
)
def test_a_checked_graph_names_layer_and_operation(layer: str, start: float, message: str) -> None:
    graph = Graph(checked=True)
    graph.layer = layer
    with pytest.raises(NonFinite) as error:
        double(leaf([1.0, start], graph))
    assert str(error.value) == message


def test_a_checked_graph_names_the_gradient() -> None:
    graph = Graph(checked=True)
    graph.layer = "layers.1"
    x = leaf([1.0, 1e-200], graph, "layers.0.weight")
    y = inverse(x)  # 1e200; its slope is -1e400
    with pytest.raises(NonFinite) as error:
        backward(total(y))
    assert str(error.value) == "layers.1: the gradient of layers.0.weight is not finite"

    graph = Graph(checked=True)
    with pytest.raises(NonFinite) as error:
        backward(total(inverse(double(leaf([1.0, 1e-200], graph)))))
    assert str(error.value) == "inverse: a gradient out of inverse is not finite"


def test_an_unchecked_graph_lets_them_pass_without_a_warning() -> None:
    x = leaf([0.0], Graph())
    assert np.isinf(backward(total(inverse(x)))[x]).all()


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("walked", [True, False])
def test_a_step_leaves_no_garbage_and_gives_its_memory_back(walked: bool) -> None:
    def parameter(*shape: int) -> Leaf:
        return Leaf(np.full(shape, 0.01, np.float32), "w")

    def step() -> list[weakref.ref[Tensor]]:
        graph = Graph()
        running = Tensor(np.zeros(8, np.float32)), Tensor(np.ones(8, np.float32))
        norm = BatchNorm(scale, shift, running, momentum=0.1, epsilon=1e-5, training=True)
        x = graph.input(images)
        a = conv2d(x, filters, window=window, epilogue=[norm, Pointwise(relu, {}), MaxPool(pool)])
        b = linear(flatten(a), weight)
        loss = mean(cross_entropy(b, labels=labels))
        if walked:
            gradients = backward(loss)
            assert set(gradients) == {filters, scale, shift, weight}
        for proposal in graph.proposals:
            proposal.apply()
        return [weakref.ref(tensor) for tensor in (x, a, b, loss)]

    window, pool = Window((3, 3), padding="same"), Window((2, 2), (2, 2))
    filters, scale, shift, weight = parameter(3, 3, 3, 8), parameter(8), parameter(8), parameter(1152, 5)
    images, labels = np.random.default_rng(1).normal(size=(40, 24, 24, 3)).astype(np.float32), np.arange(40) % 5
    memory.drop_idle()
    step()
    idle = memory.idle_bytes()
    assert idle > 0
    dead = step()
    assert [reference() for reference in dead] == [None] * len(dead)
    assert memory.idle_bytes() == idle  # everything came from the pool, and is back
    assert gc.collect() == 0


def test_a_gradient_lies_where_it_is_wanted_if_its_op_writes_it_there() -> None:
    weight = leaf(np.arange(6.0).reshape(3, 2), Graph(), "weight")
    home = np.full((3, 2), np.nan)
    gradient = backward(total(linear(Tensor(np.ones((4, 3))), weight)), {"weight": home})[weight]
    assert gradient is home
    assert home.tolist() == [[4, 4]] * 3


def test_a_second_term_is_added_wherever_the_first_one_lies() -> None:
    weight = leaf(np.arange(6.0).reshape(3, 2), Graph(), "weight")
    beside = np.full((4, 2), np.nan)
    once, twice = Tensor(np.ones((4, 3))), Tensor(np.full((4, 3), 2.0))
    homes = {"weight": beside[:3]}
    gradient = backward(plus(total(linear(once, weight)), total(linear(twice, weight))), homes)[weight]
    assert gradient.tolist() == [[12, 12]] * 3
    assert np.isnan(beside[3]).all()
