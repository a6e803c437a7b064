"""Three steps of every elementwise rule, worked out by hand; ``sgd``, ``adam`` and the rest have files of their own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from optim_cases import made, numbers

from nettrain.optim.lion import sign_in_place

GRADIENTS = [0.5, -1.0, 2.0]
START, LR, EPSILON = 1.0, 0.1, 0.01

# each step as (what the gradient becomes, what it is divided by): w <- w - 0.1 of the quotient
# mean squares with a share of 0.9: 0.025;  0.0225 + 0.1 = 0.1225;  0.11025 + 0.4 = 0.51025
# means: 0.05;  0.045 - 0.1 = -0.055;  -0.0495 + 0.2 = 0.1505, whose squares are 0.0025, 0.003025, 0.02265025
ROOTS = [math.sqrt(0.025) + 0.01, math.sqrt(0.1225) + 0.01, math.sqrt(0.51025) + 0.01]
QUOTIENTS = [0.5 / ROOTS[0], -1 / ROOTS[1], 2 / ROOTS[2]]
ROWS: list[tuple[str, dict[str, Any], list[tuple[float, float]]]] = [
    ("rmsprop", {"alpha": 0.9, "epsilon": EPSILON}, [(0.5, ROOTS[0]), (-1, ROOTS[1]), (2, ROOTS[2])]),
    (
        "rmsprop",
        {"alpha": 0.9, "epsilon": EPSILON, "centered": True},
        # 0.025 - 0.0025 = 0.0225 = 0.15^2;  0.1225 - 0.003025 = 0.119475;  0.51025 - 0.02265025 = 0.48759975
        [(0.5, 0.16), (-1, math.sqrt(0.119475) + 0.01), (2, math.sqrt(0.48759975) + 0.01)],
    ),
    (
        "rmsprop",
        {"alpha": 0.9, "epsilon": EPSILON, "momentum": 0.5},
        # the velocity: q;  q / 2 + q';  q / 4 + q' / 2 + q''
        [
            (QUOTIENTS[0], 1),
            (0.5 * QUOTIENTS[0] + QUOTIENTS[1], 1),
            (0.25 * QUOTIENTS[0] + 0.5 * QUOTIENTS[1] + QUOTIENTS[2], 1),
        ],
    ),
    # sums of squares: 0.75 + 0.25 = 1;  2;  6
    (
        "adagrad",
        {"initial": 0.75, "epsilon": EPSILON},
        [(0.5, 1.01), (-1, math.sqrt(2) + 0.01), (2, math.sqrt(6) + 0.01)],
    ),
    (
        "adadelta",
        {"rho": 0.9, "epsilon": EPSILON},
        # d = 0.5 sqrt(0.01 / 0.035), d^2 = 0.25 / 3.5 = 1/14, q = 1/140;
        # d = -sqrt((1/140 + 0.01) / 0.1325) = -sqrt(0.129380053908), q = 0.9/140 + 0.0129380053908 = 0.0193665768194;
        # d = 2 sqrt(0.0293665768194 / 0.52025)
        [
            (0.5 * math.sqrt(0.01), math.sqrt(0.035)),
            (-math.sqrt(0.129380053908), 1),
            (2 * math.sqrt(0.0293665768194), math.sqrt(0.52025)),
        ],
    ),
    (
        "nadam",
        {"betas": (0.8, 0.9), "epsilon": EPSILON, "momentum_decay": 50.0},
        # 0.96^50 = 0.12988579352 (and its square and cube): k = 0.8 (1 - 0.06494289676) = 0.748045682592;
        # 0.8 (1 - 0.00843515968) = 0.793251872256;  0.8 (1 - 0.00109560741) = 0.799123514072;
        # 0.8 (1 - 0.00014230384) = 0.799886156928
        # K = 0.748045682592;  0.593388638249;  0.474190813809;  0.379298667709
        # means 0.1, -0.12, 0.304;  mean squares over what they lack: 0.25, 0.1225 / 0.19, 0.51025 / 0.271
        [
            (0.1 * 0.793251872256 / (1 - 0.593388638249) + 0.5 * (1 - 0.748045682592) / (1 - 0.748045682592), 0.51),
            (
                -0.12 * 0.799123514072 / (1 - 0.474190813809) - (1 - 0.793251872256) / (1 - 0.593388638249),
                math.sqrt(0.1225 / 0.19) + 0.01,
            ),
            (
                0.304 * 0.799886156928 / (1 - 0.379298667709) + 2 * (1 - 0.799123514072) / (1 - 0.474190813809),
                math.sqrt(0.51025 / 0.271) + 0.01,
            ),
        ],
    ),
    # too early to scale; means 0.25, -0.375, 0.8125, over 0.5, 0.75, 0.875
    ("radam", {"betas": (0.5, 0.9), "epsilon": EPSILON}, [(0.5, 1), (-0.375, 0.75), (0.8125, 0.875)]),
    # directions 0.1;  0.8 * 0.05 - 0.2;  0.8 * -0.055 + 0.4
    ("lion", {"betas": (0.8, 0.9)}, [(1, 1), (-1, 1), (1, 1)]),
]


@pytest.mark.parametrize(("kind", "settings", "moves"), ROWS, ids=[row[0] + str(i) for i, row in enumerate(ROWS)])
def test_three_steps(kind: str, settings: dict[str, Any], moves: list[tuple[float, float]]) -> None:
    weights = numbers([START])
    optimizer = made(kind, weights, **settings)
    w = START
    for g, (by, over) in zip(GRADIENTS, moves, strict=True):
        optimizer.step(numbers([g]), LR)
        w -= LR * by / over
        assert weights.array[0] == pytest.approx(w, rel=1e-9)


COUPLED = [(kind, settings) for kind, settings, _ in ROWS if kind != "lion"]


@pytest.mark.parametrize(("kind", "settings"), COUPLED, ids=[row[0] + str(i) for i, row in enumerate(COUPLED)])
def test_weight_decay_is_added_to_the_gradient(kind: str, settings: dict[str, Any]) -> None:
    one, other = numbers([3.0]), numbers([3.0])
    made(kind, one, weight_decay=0.5, **settings).step(numbers([1.0]), LR)
    made(kind, other, **settings).step(numbers([2.5]), LR)
    assert one.array[0] == other.array[0] != 3


def test_lion_takes_its_decay_from_the_weight() -> None:
    # 0.97 - 0.1;  0.97 * 0.87 + 0.1 = 0.9439;  0.97 * 0.9439 - 0.1 = 0.815583
    weights = numbers([START])
    optimizer = made("lion", weights, betas=(0.8, 0.9), weight_decay=0.3)
    path = []
    for g in GRADIENTS:
        optimizer.step(numbers([g]), LR)
        path.append(float(weights.array[0]))
    assert path == pytest.approx([0.87, 0.9439, 0.815583], rel=1e-14)


def test_a_weight_that_no_gradient_reaches_stays_under_lion() -> None:
    weights = numbers([2.0])
    made("lion", weights).step(numbers([0.0]), LR)
    assert weights.array[0] == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_sign_of_every_number_is_exact(dtype: type) -> None:
    facts = np.finfo(dtype)
    sizes = np.array([facts.smallest_subnormal, facts.tiny, 1e-20, 0.5, 1, 3e7, facts.max], dtype)
    x = np.concatenate([-sizes, np.zeros(2, dtype), sizes])
    x[len(sizes)] *= -1  # both zeros
    expected = np.sign(x)
    with np.errstate(over="ignore"):
        sign_in_place(x)
    assert x.tolist() == expected.tolist()


def test_radam_scales_as_soon_as_it_has_seen_enough() -> None:
    # step 6 with betas (0.5, 0.9): R = 19, r = 19 - 12 * 0.531441 / 0.468559 = 5.3895646013
    # c = sqrt(1.3895646013 * 3.3895646013 * 19 / (15 * 17 * 5.3895646013)) = 0.2551768065
    weights = numbers([START])
    optimizer = made("radam", weights, betas=(0.5, 0.9), epsilon=EPSILON)
    optimizer.state()["mean/w"][:], optimizer.state()["mean_square/w"][:] = 0.5, 0.3
    optimizer.steps = 5
    optimizer.step(numbers([1.0]), LR)
    # mean 0.75 over 1 - 1/64;  mean square 0.27 + 0.1 = 0.37
    move = 0.75 / 0.984375 * 0.2551768065 * math.sqrt(0.468559) / (math.sqrt(0.37) + EPSILON)
    assert weights.array[0] == pytest.approx(1 - 0.1 * move, rel=1e-9)


def test_nadam_knows_its_product_of_momenta_at_any_step() -> None:
    straight, taken_up = (made("nadam", numbers([START])) for _ in range(2))
    counted = [straight.product(t) for t in range(1, 30)]
    assert taken_up.product(29) == counted[-1]  # the same bits, counted from the first
    assert taken_up.product(7) == counted[6]  # and back


def test_centered_rmsprop_of_a_gradient_that_never_changes_stays_finite() -> None:
    weights = numbers([1.0, 1.0], np.float32)
    optimizer = made("rmsprop", weights, centered=True, alpha=0.5)
    for _ in range(100):
        optimizer.step(numbers([0.1, 1e-3], np.float32), 1e-9)  # rounding would make the variance negative
    assert np.isfinite(weights.array).all()
