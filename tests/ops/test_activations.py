"""The activations against the mathematics, number by number; and softmax, row by row."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from promises import Array, Case, apart, away_from_zero, directional_difference, walk_back, weights_for

import nettrain.ops
from nettrain.autograd.tensor import Leaf, Tensor
from nettrain.ops.activations import ACTIVATION_ALIASES, ACTIVATIONS, EluConfig, LeakyReluConfig
from nettrain.ops.elu import elu
from nettrain.ops.leaky_relu import leaky_relu
from nettrain.ops.softmax import softmax

KINKED = ("relu", "leaky_relu", "selu")
BY_ROW = ("softmax",)  # the others work number by number
SEVERAL = 5


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def softplus(x: float) -> float:
    return math.log1p(math.exp(x)) if x < 500 else x


def relu6(x: float) -> float:
    return min(max(x, 0.0), 6.0)


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * math.tanh(softplus(x)),
    "softplus": softplus,
    "hard_swish": lambda x: x * relu6(x + 3) / 6,
    "hard_sigmoid": lambda x: relu6(x + 3) / 6,
    "sigmoid": sigmoid,
    "tanh": math.tanh,
}
SLOPES = {  # far below 0, and far above, where they are not 0 and 1
    "leaky_relu": (0.01, 1),
    "selu": (0, 1.0507009873554805),
    "sigmoid": (0, 0),
    "hard_sigmoid": (0, 0),
    "tanh": (0, 0),
}


def by_number(function: Callable[[float], float]) -> Callable[[Array], Array]:
    return lambda x: np.array([function(value) for value in x.ravel().tolist()]).reshape(x.shape)


def case(kind: str, function: Callable[[float], float]) -> Case:
    settings, op = ACTIVATIONS[kind]
    assert op is not None
    keywords = asdict(settings())  # type: ignore[call-overload]
    make = away_from_zero if kind in KINKED else np.asarray
    return Case(op, kind, {"x": ("N", 3, 4)}, lambda x: op(x, **keywords), by_number(function), make)


CASES = {
    **{kind: case(kind, function) for kind, function in FUNCTIONS.items()},
    "leaky_relu 0.3": Case(
        leaky_relu,
        "leaky_relu",
        {"x": ("N", 7)},
        lambda x: leaky_relu(x, negative_slope=0.3),
        by_number(lambda x: x if x > 0 else 0.3 * x),
        away_from_zero,
    ),
    "leaky_relu 1.5": Case(
        leaky_relu,
        "leaky_relu",
        {"x": ("N", 7)},
        lambda x: leaky_relu(x, negative_slope=1.5),
        by_number(lambda x: x if x > 0 else 1.5 * x),
        away_from_zero,
    ),
    "elu 0.3": Case(
        elu,
        "elu",
        {"x": ("N", 7)},
        lambda x: elu(x, alpha=0.3),
        by_number(lambda x: x if x > 0 else 0.3 * math.expm1(x)),
        away_from_zero,
    ),
}
each_case = pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
each_kind = pytest.mark.parametrize("kind", FUNCTIONS)


def applied(kind: str, x: Array) -> Array:
    op = ACTIVATIONS[kind][1]
    assert op is not None
    return op(Tensor(x)).array


@each_case
@pytest.mark.parametrize("pictures", [1, SEVERAL])
def test_forward_equals_the_formula(case: Case, pictures: int) -> None:
    arrays = case.arrays(pictures)
    expected = case.reference(*arrays.values())
    np.testing.assert_allclose(case.record(arrays).array, expected, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(case.infer(arrays), expected, rtol=1e-14, atol=1e-15)


@each_case
@pytest.mark.parametrize("pictures", [1, SEVERAL])
def test_the_gradient_equals_the_central_difference(case: Case, pictures: int) -> None:
    arrays = case.arrays(pictures)
    y = case.record(arrays)
    g = weights_for(y.array)
    direction = weights_for(y.array, seed=4)
    slope = directional_difference(lambda x: float((g * case.infer({"x": x})).sum()), arrays["x"], direction)
    assert float((walk_back(y, g)["x"] * direction).sum()) == pytest.approx(slope, rel=1e-8, abs=1e-9)


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays_and_nothing_is_written(case: Case, dtype: type) -> None:
    arrays = case.arrays(SEVERAL, dtype)
    arrays["x"].flags.writeable = False
    y = case.record(arrays)
    g = weights_for(y.array)
    g.flags.writeable = y.array.flags.writeable = False
    gradient = walk_back(y, g)["x"]
    assert (y.array.dtype, gradient.dtype) == (dtype, dtype)
    assert gradient.tobytes() == walk_back(y, g)["x"].tobytes()


@each_case
def test_float32_is_near_the_formula(case: Case) -> None:
    arrays = case.arrays(SEVERAL, np.float32)
    expected = case.reference(arrays["x"].astype(np.float64))
    np.testing.assert_allclose(case.infer(arrays), expected, rtol=1e-6, atol=2e-7)


@each_case
def test_an_input_that_is_not_contiguous_gives_the_same_bits(case: Case) -> None:
    arrays = case.arrays(SEVERAL, np.float32)
    y, z = case.record(arrays), case.record({"x": apart(arrays["x"])})
    assert z.array.tobytes() == y.array.tobytes()
    g = weights_for(y.array)
    assert walk_back(z, apart(g))["x"].tobytes() == walk_back(y, g)["x"].tobytes()


@each_kind
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_in_nan_out_and_no_neighbour_is_touched(kind: str, dtype: type) -> None:
    x = np.linspace(-3, 3, 20).astype(dtype)
    clean = applied(kind, x)
    x[7] = np.nan
    y = applied(kind, x)
    assert np.flatnonzero(np.isnan(y)).tolist() == [7]
    assert np.delete(y, 7).tobytes() == np.delete(clean, 7).tobytes()


@each_kind
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_numbers_have_finite_results(kind: str, dtype: type) -> None:
    x = np.array([-1e30, -1e4, -200.0, -90.0, 90.0, 200.0, 1e4, 1e30], dtype)
    op = ACTIVATIONS[kind][1]
    assert op is not None
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, (back,) = op.function(x)
        gradient = back(np.ones_like(x))
    expected = [FUNCTIONS[kind](value) for value in x.tolist()]
    low, high = SLOPES.get(kind, (0, 1))
    np.testing.assert_allclose(gradient, [low] * 4 + [high] * 4, atol=1e-30)
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-30 if kind in KINKED else 1e-12)
    assert np.isfinite(gradient).all()


@each_kind
def test_on_either_side_the_slope_settles(kind: str) -> None:
    x = np.array([-60.0, 60.0])
    op = ACTIVATIONS[kind][1]
    assert op is not None
    _, (back,) = op.function(x)
    low, high = SLOPES.get(kind, (0, 1))
    np.testing.assert_allclose(back(np.ones(2)), [low, high], atol=1e-12)


@pytest.mark.parametrize("kind", [kind for kind, row in ACTIVATIONS.items() if row[1] and row[1].takes_out])
def test_in_place_gives_the_same_bits_as_elsewhere(kind: str) -> None:
    settings, op = ACTIVATIONS[kind]
    assert op is not None
    x = np.random.default_rng(1).normal(0, 3, (5, 4, 6)).astype(np.float32)
    y, (back,) = op.function(x, **asdict(settings()))  # type: ignore[call-overload]
    g = weights_for(y)
    gradient = back(g)
    place = x.copy()
    found, (back_there,) = op.function(place, out=place, **asdict(settings()))  # type: ignore[call-overload]
    assert found is place
    assert found.tobytes() == y.tobytes()
    passed = back_there(g, g)
    assert passed is g
    assert passed.tobytes() == gradient.tobytes()


@pytest.mark.parametrize("kind", [kind for kind, row in ACTIVATIONS.items() if row[1] and not row[1].takes_out])
def test_elsewhere_the_result_may_be_written_over(kind: str) -> None:
    op = ACTIVATIONS[kind][1]
    assert op is not None
    y, (back,) = op.function(np.random.default_rng(1).normal(0, 3, (5, 4, 6)))
    gradient = back(weights_for(y))
    y.fill(np.nan)
    assert back(weights_for(y)).tobytes() == gradient.tobytes()


@pytest.mark.parametrize("kind", ["hard_swish", "hard_sigmoid"])
def test_a_hard_activation_at_its_corners(kind: str) -> None:
    op = ACTIVATIONS[kind][1]
    assert op is not None
    y, (back,) = op.function(np.array([-4.0, -3.0, 0.0, 3.0, 4.0]))
    slopes = back(np.ones(5))
    if kind == "hard_sigmoid":
        assert y.tolist() == [0, 0, 0.5, 1, 1]
        assert slopes.tolist() == [0, 0, 1 / 6, 0, 0]
    else:
        assert y.tolist() == [0, 0, 0, 3, 4]
        assert slopes.tolist() == [0, 0, 0.5, 1, 1]


def test_gelu_tanh_is_near_gelu() -> None:
    x = np.linspace(-6, 6, 1201)
    apart_from = np.abs(applied("gelu_tanh", x) - applied("gelu", x)).max()
    assert 1e-4 < apart_from < 5e-4


def test_leaky_relu_at_zero() -> None:
    y, (back,) = leaky_relu.function(np.zeros(1), negative_slope=0.2)
    assert y.tolist() == [0]
    assert back(np.ones(1)).tolist() == [0.2]


def test_every_activation_has_a_file_of_its_name_and_a_formula_here() -> None:
    ops = {kind: row[1] for kind, row in ACTIVATIONS.items() if row[1] is not None}
    assert {kind: op.name for kind, op in ops.items()} == {kind: kind for kind in (*FUNCTIONS, *BY_ROW)}
    (folder,) = nettrain.ops.__path__
    assert {f"{kind}.py" for kind in ops} <= {path.name for path in Path(folder).iterdir()}
    assert set(ACTIVATIONS) - set(ops) == {"none"}


def test_settings_have_the_names_that_others_use() -> None:
    assert LeakyReluConfig.short == "negative_slope"
    assert set(LeakyReluConfig.aliases) == {"alpha", "slope"}
    assert EluConfig.short == "alpha"
    wanted = {
        "swish": "silu",
        "linear": "none",
        "identity": "none",
        "lrelu": "leaky_relu",
        "hard_silu": "hard_swish",
        "hardswish": "hard_swish",
        "hardsigmoid": "hard_sigmoid",
    }
    assert wanted.items() <= ACTIVATION_ALIASES.items()


# softmax


def test_softmax_of_each_row_is_shares_of_the_exponentials() -> None:
    rows = np.array([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0], [-5.0, 3.0, -5.0]])
    expected = [[math.exp(v) / sum(math.exp(u) for u in row) for v in row] for row in rows.tolist()]
    np.testing.assert_allclose(softmax(Tensor(rows)).array, expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_large_logits(dtype: type) -> None:
    rows = np.array([[1e4, 1e4], [-1e4, 1e4], [-1e4, -1e4]], dtype)
    with np.errstate(over="raise", invalid="raise"):
        y = softmax(Tensor(rows)).array
    assert y.dtype == dtype
    assert y.tolist() == [[0.5, 0.5], [0, 1], [0.5, 0.5]]


@pytest.mark.parametrize("pictures", [1, SEVERAL])
@pytest.mark.parametrize("K", [1, 2, 10, 300])
def test_softmax_rows_sum_to_one_and_do_not_depend_on_other_rows(pictures: int, K: int) -> None:
    rows = np.random.default_rng(1).normal(0, 3, (pictures, K)).astype(np.float32)
    y = softmax(Tensor(rows)).array
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)
    assert b"".join(softmax(Tensor(rows[n : n + 1])).array.tobytes() for n in range(pictures)) == y.tobytes()


def test_softmax_gradient_and_a_row_of_nan() -> None:
    logits = np.random.default_rng(1).normal(size=(4, 6))
    y, (back,) = softmax.function(logits)
    g, direction = weights_for(y), weights_for(y, seed=4)
    slope = directional_difference(lambda x: float((g * softmax.function(x)[0]).sum()), logits, direction)
    assert float((back(g) * direction).sum()) == pytest.approx(slope, rel=1e-8)
    logits[2, 3] = np.nan
    found = softmax(Tensor(logits)).array
    assert np.isnan(found).all(axis=1).tolist() == [False, False, True, False]
    assert found[0].tobytes() == y[0].tobytes()
    assert softmax(Leaf(logits)).shape == (4, 6)


def test_softmax_of_pictures_is_over_the_channels_of_each_pixel() -> None:
    pixels = np.random.default_rng(1).normal(size=(3, 4, 5, 6)).astype(np.float32)
    y = softmax(Tensor(pixels)).array
    assert y.tobytes() == softmax(Tensor(pixels.reshape(-1, 6))).array.tobytes()


@each_kind
def test_a_single_number_without_an_axis_is_taken(kind: str) -> None:
    op = ACTIVATIONS[kind][1]
    assert op is not None
    y, (back,) = op.function(np.asarray(0.5))
    assert float(y) == pytest.approx(FUNCTIONS[kind](0.5), rel=1e-12)
    assert np.shape(back(np.asarray(1.0))) == ()
