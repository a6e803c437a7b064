"""Muon: what is brought to singular values of about 1, what goes by AdamW, and one matrix by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from optim_cases import SHAPES, chosen, flat, made

from nettrain.arrays.flat import Flat
from nettrain.arrays.newton_schulz import COEFFICIENTS, orthogonalize, square_numbers
from nettrain.arrays.norm import squares_memory
from nettrain.optim.muon import MuonConfig, OthersConfig, matrices
from nettrain.optim.table import pattern_faults, working_numbers

MATRICES = ("layers.0.weight", "layers.2.weight")


def orthogonal(x: np.ndarray, iterations: int = 5) -> np.ndarray:
    squares = np.full((2, square_numbers(*x.shape) + 1), np.nan, x.dtype)
    other = np.full_like(x, np.nan)
    return orthogonalize(x.copy(), other, (squares[0], squares[1]), squares_memory(), iterations)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 5), (40, 6), (6, 40)])
def test_singular_values_become_about_one_in_the_same_directions(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(1).normal(size=shape)
    left, values, right = np.linalg.svd(x, full_matrices=False)
    a, b, c = COEFFICIENTS
    s = values / np.sqrt((x**2).sum())
    for _ in range(5):
        s = a * s + b * s**3 + c * s**5
    found = orthogonal(x)
    np.testing.assert_allclose(found, left * s @ right, atol=1e-12)
    assert found.shape == shape
    assert 0.6 < s.min() <= s.max() < 1.3


def test_a_matrix_of_zeros_stays_one() -> None:
    assert not orthogonal(np.zeros((3, 4), np.float32)).any()


def test_three_steps_by_hand() -> None:
    """A diagonal of two weights, for which the iteration is that of two numbers; momentum 0.5, one iteration."""
    weights, shapes = Flat({"w": (2, 2)}, np.float64), {"w": (2, 2)}
    weights.views["w"][:] = [[1, 0], [0, 1]]
    optimizer = made("muon", weights, momentum=0.5, iterations=1, weight_decay=0.5)
    # velocities 1.5, 2;  -0.75, 1;  1.125, -1.5   with Nesterov, of the gradients (3, 4), (-3, 0), (3, -4):
    # x = v / 2 + g / 2: 2.25, 3;  -1.875, 0.5;  2.0625, -2.75
    # over their norms 3.75, 1.9405218..., 3.4375: 0.6, 0.8;  -0.966235, 0.257663;  0.6, -0.8
    # y = 3.4445 x - 4.775 x^3 + 2.0315 x^5: 0.6 -> 1.19326944, 0.8 -> 0.97648192
    s, t = 1.8750 / np.sqrt(1.875**2 + 0.25), 0.5 / np.sqrt(1.875**2 + 0.25)
    moves = [
        (1.19326944, 0.97648192),
        (-(3.4445 * s - 4.775 * s**3 + 2.0315 * s**5), 3.4445 * t - 4.775 * t**3 + 2.0315 * t**5),
        (1.19326944, -0.97648192),
    ]
    a = b = 1.0
    for g, (first, second) in zip([(3, 4), (-3, 0), (3, -4)], moves, strict=True):
        gradients = Flat(shapes, np.float64)
        gradients.views["w"][:] = np.diag(g)
        optimizer.step(gradients, 0.1)
        a, b = 0.95 * a - 0.1 * first, 0.95 * b - 0.1 * second  # lr 0.1, weight decay 0.5
        np.testing.assert_allclose(weights.views["w"], np.diag([a, b]), atol=1e-12)


def test_a_filter_is_the_matrix_of_its_patches() -> None:
    shape = {"w": (3, 3, 2, 8)}
    as_filter, as_matrix = flat(1, shape), flat(1, {"w": (18, 8)})
    made("muon", as_filter).step(flat(2, shape), 0.1)
    made("muon", as_matrix).step(flat(2, {"w": (18, 8)}), 0.1)
    assert as_filter.array.tobytes() == as_matrix.array.tobytes()


def test_a_matrix_into_more_numbers_moves_further() -> None:
    weights, shape = Flat({"w": (2, 8)}), {"w": (2, 8)}
    made("muon", weights, weight_decay=0.0).step(flat(2, shape), 0.1)
    values = np.linalg.svd(weights.views["w"], compute_uv=False)
    assert values == pytest.approx([0.2, 0.2], rel=0.4)  # 0.1 sqrt(8 / 2)


def test_all_that_is_no_matrix_goes_by_adamw() -> None:
    one, other = flat(1), flat(1)
    settings = {"lr": 0.02, "adamw": OthersConfig(lr=0.003, betas=(0.8, 0.9))}
    made("muon", one, **settings).step(flat(2), 0.01)  # half of the height
    made("adamw", other, betas=(0.8, 0.9)).step(flat(2), 0.0015)
    for name in SHAPES:
        assert (one.views[name].tobytes() == other.views[name].tobytes()) == (name not in MATRICES), name


def test_matrices_that_are_listed_go_by_adamw_too() -> None:
    assert matrices(MuonConfig(), SHAPES) == MATRICES
    listed = MuonConfig(adamw=OthersConfig(match=("layers.2.*",)))
    assert matrices(listed, SHAPES) == MATRICES[:1]
    state = made("muon", flat(1), adamw=OthersConfig(match=("layers.2.*",))).state()
    assert list(state) == [
        "velocity/layers.0.weight",
        *[f"{slot}/{name}" for slot in ("mean", "mean_square") for name in SHAPES if name != MATRICES[0]],
    ]


def test_patterns_of_matrices_that_have_no_effect() -> None:
    muon = chosen("muon", adamw=OthersConfig(match=("x", "*.bias", "layers.2.*")))
    shown = ", ".join(SHAPES)
    expected = {
        "adamw.match.0": f"'x' matches no parameter; the parameters are {shown}",
        "adamw.match.1": "'*.bias' matches no matrix, and all else is AdamW's anyway; leave it out",
    }
    assert dict(pattern_faults(muon, SHAPES)) == {f"muon.{key}": text for key, text in expected.items()}
    every = chosen("muon", adamw=OthersConfig(match=("*",)))
    what = "lists every matrix, so that all is moved by AdamW; take adamw, or list fewer"
    assert dict(pattern_faults(every, SHAPES)) == {"muon.adamw.match": what}
    inside = chosen("lookahead", inside="muon", adamw=OthersConfig(match=("x", "*.bias")))
    found = dict(pattern_faults(inside, SHAPES))
    assert found == {f"lookahead.optimizer.muon.{key}": text for key, text in expected.items()}


def test_products_are_the_same_bits_on_any_thread(threads: Callable[[int], None]) -> None:
    shapes = {f"layers.{i}.weight": (3, 3, 8 + i, 16 + 3 * i) for i in range(9)}
    found = set()
    for count in (1, 2, 3):
        threads(count)
        weights = flat(1, shapes)
        optimizer = made("muon", weights)
        for step in range(2):
            optimizer.step(flat(2 + step, shapes), 0.1)
        found.add(weights.array.tobytes())
    assert len(found) == 1


def test_faults() -> None:
    assert dict(MuonConfig(momentum=0.0, nesterov=True).faults(frozenset({"nesterov"}))) == {
        "nesterov": "has no effect without momentum; set momentum, such as 0.95"
    }
    assert not list(MuonConfig(momentum=0.0).faults(frozenset({"momentum"})))


@pytest.mark.parametrize("shapes", [SHAPES, {f"{i}.weight": (3, 3, 8, 16 + i) for i in range(30)}, {"bias": (3,)}])
def test_what_its_steps_work_with_is_counted(shapes: dict[str, tuple[int, ...]]) -> None:
    part = made("muon", Flat(shapes))._matrices  # type: ignore[attr-defined]
    longest = max((len(chunk.scratch) for chunk in part._chunks), default=0)
    assert working_numbers(chosen("muon"), shapes) == part._lanes.count * longest + part._squares.size
    assert working_numbers(chosen("lookahead", inside="muon"), shapes) == working_numbers(chosen("muon"), shapes)
    assert working_numbers(chosen("adam"), shapes) == 0


def test_settings_of_adamw_that_no_parameter_uses() -> None:
    shapes = {name: SHAPES[name] for name in MATRICES}
    what = "has no effect: every parameter is a matrix, and none is left to AdamW; leave it out"
    for others in (OthersConfig(lr=0.1), OthersConfig(betas=(0.8, 0.9)), OthersConfig(epsilon=1e-7)):
        assert dict(pattern_faults(chosen("muon", adamw=others), shapes)) == {"muon.adamw": what}
        assert dict(pattern_faults(chosen("muon", adamw=others), SHAPES)) == {}
    listed = OthersConfig(lr=0.1, match=(MATRICES[0],))
    assert dict(pattern_faults(chosen("muon", adamw=listed), shapes)) == {}
    assert dict(pattern_faults(chosen("muon"), shapes)) == {}
