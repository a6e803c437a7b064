"""The order of an epilogue: a maximum moves before what never decreases, nothing else moves, the result stays."""

from __future__ import annotations

import numpy as np
import pytest
from op_cases import batch_norm, dropout

from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part, arranged
from nettrain.autograd.tensor import Graph, Tensor
from nettrain.ops.activations import ACTIVATIONS
from nettrain.ops.add import Add
from nettrain.ops.average_pool import AveragePool
from nettrain.ops.bias import Bias
from nettrain.ops.global_average_pool import GlobalAveragePool
from nettrain.ops.max_pool import MaxPool
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.through import through

HALF = Window((2, 2), (2, 2))
OVERLAPPING = Window((3, 3), (2, 2), padding=1)
C = 3
X = np.random.default_rng(1).normal(size=(2, 8, 8, C)).astype(np.float32)


def numbers() -> Tensor:
    return Tensor(np.linspace(-1, 1, C).astype(np.float32))


def part(name: str) -> Part:
    """A part by the name that it has."""
    if name in ACTIVATIONS:
        settings, activation = ACTIVATIONS[name]
        assert activation is not None
        return Pointwise(activation, vars(settings()))
    return {
        "bias": lambda: Bias(numbers()),
        "add": lambda: Add(Tensor(X)),
        "batch_norm": lambda: batch_norm(numbers(), numbers(), training=False),
        "dropout": dropout,
        "max_pool2d": lambda: MaxPool(HALF),
        "avg_pool2d": lambda: AveragePool(HALF),
        "global_avg_pool": GlobalAveragePool,
    }[name]()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ""),
        ("max_pool2d", "max_pool2d"),
        ("bias relu", "bias relu"),
        ("relu max_pool2d", "max_pool2d relu"),
        ("leaky_relu max_pool2d", "max_pool2d leaky_relu"),
        ("hard_sigmoid max_pool2d", "max_pool2d hard_sigmoid"),
        ("bias relu max_pool2d", "max_pool2d bias relu"),
        ("bias relu max_pool2d max_pool2d", "max_pool2d max_pool2d bias relu"),
        ("relu max_pool2d bias max_pool2d", "max_pool2d max_pool2d relu bias"),
        ("bias max_pool2d relu", "max_pool2d bias relu"),
        ("batch_norm relu max_pool2d", "batch_norm max_pool2d relu"),
        ("batch_norm add relu max_pool2d dropout", "batch_norm add max_pool2d relu dropout"),
        ("add max_pool2d", "add max_pool2d"),
        ("dropout max_pool2d", "dropout max_pool2d"),
        ("avg_pool2d max_pool2d", "avg_pool2d max_pool2d"),
        ("bias relu avg_pool2d", "bias relu avg_pool2d"),
        ("bias relu global_avg_pool", "bias relu global_avg_pool"),
        ("gelu max_pool2d", "gelu max_pool2d"),  # it falls before it rises
        ("silu max_pool2d", "silu max_pool2d"),
        ("bias gelu relu max_pool2d", "bias gelu max_pool2d relu"),
    ],
)
def test_the_order(given: str, expected: str) -> None:
    parts = [part(name) for name in given.split()]
    found = arranged(parts)
    assert [part.name for part in found] == expected.split()
    assert sorted(map(id, found)) == sorted(map(id, parts))
    assert arranged(found) == found


@pytest.mark.parametrize("kind", [kind for kind, (_, activation) in ACTIVATIONS.items() if activation is not None])
def test_what_says_that_it_rises_never_puts_a_larger_number_below_a_smaller_one(kind: str) -> None:
    settings, activation = ACTIVATIONS[kind]
    assert activation is not None
    if activation.rises:
        x = np.sort(np.concatenate([np.random.default_rng(1).normal(size=9999), [-1e30, -1e-40, -0.0, 0, 1e-40, 1e30]]))
        for dtype in (np.float32, np.float64):
            y, _ = activation.function(x.astype(dtype), **vars(settings()))
            assert (np.diff(y) >= 0).all()
    else:
        assert kind not in ("relu", "leaky_relu", "hard_sigmoid")  # exact in every bit; exponentials may not be


@pytest.mark.parametrize("window", [HALF, OVERLAPPING, Window((3, 3), padding="same")], ids=str)
@pytest.mark.parametrize("names", ["relu", "leaky_relu", "hard_sigmoid", "bias relu", "bias leaky_relu bias"])
@pytest.mark.parametrize("recorded", [True, False])
def test_the_result_is_the_same_bits(names: str, window: Window, recorded: bool) -> None:
    parts = [part(name) for name in names.split()]
    x = Graph().input(X) if recorded else Tensor(X)
    moved = through(x, epilogue=[*parts, MaxPool(window)])
    assert (through(through(x, epilogue=parts), epilogue=[MaxPool(window)]).array == moved.array).all()


def test_a_part_that_changes_nothing_promises_nothing_and_is_left_out() -> None:
    plain = Part()
    assert (plain.rises, plain.takes_maximum, plain.collects) == (False, False, False)
    assert (plain.keeps_input, plain.keeps_output, plain.keeps) == (False, False, 0)
    assert plain.landing(slice(0, 1)) is None
    assert plain.output_shape(("N", 3)) == ("N", 3)
    maximum = MaxPool(HALF)
    assert arranged([plain, maximum]) == (maximum,)
