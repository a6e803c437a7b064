"""What every operation promises, tried on every row of the table of cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from op_cases import CASES
from promises import Array, Case, apart, directional_difference, sized, walk_back, weights_for

import nettrain
from nettrain.autograd.tensor import Spec
from nettrain.ops.activations import ACTIVATIONS

each_case = pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
SEVERAL = 5  # pictures: more than one piece at inference
MANY = 71  # pictures: odd, and more than two pieces of training, whose largest have 32


def bits(arrays: dict[str, Array]) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in arrays.items()}


@each_case
@pytest.mark.parametrize("pictures", [1, SEVERAL])
@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "inference"])
def test_forward_equals_the_naive_reference(case: Case, pictures: int, recorded: bool) -> None:
    arrays = case.arrays(pictures)
    y = case.record(arrays).array if recorded else case.infer(arrays)
    expected = case.reference(*arrays.values())
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-11, atol=1e-11)


@each_case
@pytest.mark.parametrize("pictures", [1, SEVERAL])
def test_gradient_equals_the_central_difference(case: Case, pictures: int) -> None:
    arrays = case.arrays(pictures)
    y = case.record(arrays)
    g = weights_for(y.array)
    gradients = walk_back(y, g)
    assert set(gradients) == set(arrays)
    for name, x in arrays.items():
        direction = np.random.default_rng(4).normal(size=x.shape)
        direction /= np.linalg.norm(direction)
        assert gradients[name].shape == x.shape

        def loss(moved: Array, name: str = name) -> float:
            return float((g * case.record({**arrays, name: moved}).array).sum())

        slope = directional_difference(loss, x, direction)
        assert float((gradients[name] * direction).sum()) == pytest.approx(slope, rel=2e-7, abs=2e-8), name


@each_case
def test_inputs_and_the_incoming_gradient_are_never_written(case: Case) -> None:
    arrays = case.arrays(SEVERAL)
    for array in arrays.values():
        array.flags.writeable = False
    y = case.record(arrays)
    g = weights_for(y.array)
    y.array.flags.writeable = g.flags.writeable = False
    walk_back(y, g)
    case.infer(arrays)


@each_case
def test_backward_returns_no_memory_that_somebody_else_has(case: Case) -> None:
    arrays = case.arrays(SEVERAL)
    y = case.record(arrays)
    g = weights_for(y.array)
    first = walk_back(y, g)
    for name, gradient in first.items():
        assert not np.may_share_memory(gradient, y.array)
        assert not any(np.may_share_memory(gradient, x) for x in arrays.values())
        assert not any(np.may_share_memory(gradient, other) for n, other in first.items() if n != name)
    expected = bits(first)
    for gradient in first.values():
        if not np.may_share_memory(gradient, g):
            gradient.fill(np.nan)
    assert bits(walk_back(y, g)) == expected


@each_case
def test_only_needed_gradients_are_made(case: Case) -> None:
    arrays = case.arrays(SEVERAL)
    y = case.record(arrays)
    g = weights_for(y.array)
    expected = bits(walk_back(y, g))
    for name in arrays:
        found = walk_back(y, g, only=name)
        assert bits(found) == {name: expected[name]}


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(case: Case, dtype: type) -> None:
    arrays = case.arrays(SEVERAL, dtype)
    y = case.record(arrays)
    assert y.array.dtype == dtype
    assert {gradient.dtype for gradient in walk_back(y, weights_for(y.array)).values()} == {np.dtype(dtype)}
    assert case.infer(arrays).dtype == dtype


@each_case
def test_float32_is_near_float64(case: Case) -> None:
    arrays = case.arrays(SEVERAL, np.float32)
    expected = case.reference(*(array.astype(np.float64) for array in arrays.values()))
    near = max(1e-5, 2e-6 * float(np.abs(expected).max()))
    np.testing.assert_allclose(case.record(arrays).array, expected, rtol=1e-4, atol=near)
    np.testing.assert_allclose(case.infer(arrays), expected, rtol=1e-4, atol=near)


@each_case
def test_inputs_that_are_not_contiguous_give_the_same(case: Case) -> None:
    arrays = case.arrays(SEVERAL)
    scattered = {name: apart(array) for name, array in arrays.items()}
    y, z = case.record(arrays), case.record(scattered)
    np.testing.assert_allclose(z.array, y.array, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(case.infer(scattered), case.infer(arrays), rtol=1e-12, atol=1e-12)
    g = weights_for(y.array)
    gradients = walk_back(y, g)
    for name, gradient in walk_back(z, apart(g)).items():
        np.testing.assert_allclose(gradient, gradients[name], rtol=1e-12, atol=1e-12)


@each_case
def test_results_are_c_contiguous(case: Case) -> None:
    arrays = case.arrays(SEVERAL)
    assert case.record(arrays).array.flags.c_contiguous
    assert case.infer(arrays).flags.c_contiguous


@each_case
def test_the_bits_do_not_depend_on_the_number_of_threads(case: Case, threads: Callable[[int], None]) -> None:
    arrays = case.arrays(MANY, np.float32)
    found = []
    for count in (1, 2, 3):
        threads(count)
        y = case.record(arrays)
        gradients = walk_back(y, weights_for(y.array))
        found.append({**bits(gradients), "y": y.array.tobytes(), "inferred": case.infer(arrays).tobytes()})
    assert found[1] == found[0]
    assert found[2] == found[0]


@each_case
def test_nan_in_nan_out(case: Case) -> None:
    arrays = case.arrays(SEVERAL)
    first = next(iter(arrays))
    arrays[first][0].fill(np.nan) if arrays[first].ndim > 1 else arrays[first].fill(np.nan)
    for y in (case.record(arrays).array, case.infer(arrays)):
        assert np.isnan(y[:1] if y.ndim else y).any()


@each_case
def test_a_dry_run_knows_shape_and_dtype_and_never_calls_the_kernel(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    y = case.record(case.arrays(SEVERAL, np.float32)).array

    def kernel(*args: object, **settings: object) -> None:
        raise TypeError("called")

    monkeypatch.setattr(case.op, "function", kernel)
    spec = case.rehearse()
    assert tuple(sized(dim, SEVERAL) for dim in spec.shape) == y.shape
    assert spec == Spec((*spec.shape[:1], *y.shape[1:]), y.dtype)


def test_every_module_of_ops_has_a_case() -> None:
    folder = Path(nettrain.__file__).parent / "ops"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    covered = {module for case in CASES.values() for module in case.covers.split()}
    activations = {row[1].function.__module__.rpartition(".")[2] for row in ACTIVATIONS.values() if row[1] is not None}
    # left are the loops that run under every case, and two tables with tests of their own
    assert modules - covered - activations == {"piecewise", "parts", "loss_table", "activations"}
    assert covered <= modules
