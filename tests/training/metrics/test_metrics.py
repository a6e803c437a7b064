"""The table of metrics: examples worked out by hand, scikit-learn where it is, and what must hold of every row."""

from __future__ import annotations

import json
import math
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from commands import process
from training.metrics import metric_cases
from training.metrics.metric_cases import random, random_several

from nettrain.config.fields import Chosen
from nettrain.ops.loss_table import LOSSES
from nettrain.training.loop.class_weights import class_weights
from nettrain.training.metrics.calibration import calibration_error, log_loss
from nettrain.training.metrics.measured import all_that_fit, always_one, misfit, top_of
from nettrain.training.metrics.ranks import area, auroc_per_class, top_k
from nettrain.training.metrics.scored import Scored
from nettrain.training.metrics.table import METRIC_ALIASES, METRICS, measure

ONE = Scored(  # five pictures of three classes
    np.array([0, 0, 1, 1, 2]),
    np.array(
        [[0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.25, 0.5, 0.25], [0.6, 0.3, 0.1], [0.4, 0.4, 0.2]],
        np.float32,
    ),
)
SEVERAL = Scored(
    np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]], bool),
    np.array([[0.9, 0.4, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.3], [0.6, 0.7, 0.1]], np.float32),
)
BY_HAND = {  # predicted 0, 1, 1, 0, 0: matrix [[1, 1, 0], [1, 1, 0], [1, 0, 0]]
    "accuracy": 2 / 5,
    "top2": 4 / 5,  # the last is third: of equals the first class is the better
    "balanced_accuracy": (1 / 2 + 1 / 2 + 0) / 3,
    "macro_precision": (1 / 3 + 1 / 2) / 2,  # class 2 was never predicted
    "macro_recall": (1 / 2 + 1 / 2 + 0) / 3,
    "macro_f1": (2 / 5 + 1 / 2 + 0) / 3,
    "log_loss": -math.log(0.7 * 0.3 * 0.5 * 0.3 * 0.2) / 5,
    # 0: of 6 pairs 0.7 beats 3, 0.3 beats 0.25; 1: 0.5 beats all, 0.3 beats 0.2; 2: 0.2 beats 0.1 twice
    "auroc": (4 / 6 + 4 / 6 + 2 / 4) / 3,
    # bins of 0.4 (2), 0.5, 0.6, 0.7: right 0, 1, 0, 1
    "calibration_error": (2 * 0.4 + 0.5 + 0.6 + 0.3) / 5,
}
SEVERAL_BY_HAND = {  # predicted 100, 010, 000, 110
    "subset_accuracy": 2 / 4,
    "macro_precision": (2 / 2 + 1 / 2) / 2,
    "macro_recall": (2 / 2 + 1 / 2) / 2,
    "macro_f1": (1 + 1 / 2) / 2,
    "log_loss": -math.log(0.9 * 0.4 * 0.9 * 0.8 * 0.5 * 0.7 * 0.9 * 0.8 * 0.7 * 0.6 * 0.3 * 0.9) / 12,
    "auroc": (1 + 2 / 4) / 2,  # 1: 0.4 beats 0.2, 0.5 beats 0.2, neither beats 0.7
}


@pytest.mark.parametrize("name", BY_HAND)
def test_one_label_by_hand(name: str) -> None:
    assert measure(name, ONE) == pytest.approx(BY_HAND[name], rel=1e-7)


@pytest.mark.parametrize("name", SEVERAL_BY_HAND)
def test_several_labels_by_hand(name: str) -> None:
    assert measure(name, SEVERAL) == pytest.approx(SEVERAL_BY_HAND[name], rel=1e-6)


def test_every_metric_has_an_example() -> None:
    assert {name for name, row in METRICS.items() if row.one and top_of(name) in (None, 2)} == set(BY_HAND)
    assert {name for name, row in METRICS.items() if row.several} == set(SEVERAL_BY_HAND)


def test_the_right_ones_have_every_label_right() -> None:
    assert SEVERAL.right.tolist() == [False, True, True, False]
    assert SEVERAL.predicted.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0]]


@pytest.mark.parametrize("name", METRICS)
def test_neither_order_nor_memory_counts(name: str) -> None:
    """The same bits, however the pictures come."""
    order = np.random.default_rng(1).permutation(200)
    for scored, fits in ((random(), METRICS[name].one), (random_several(), METRICS[name].several)):
        if fits:
            shuffled = Scored(scored.labels[order], np.asfortranarray(scored.probabilities[order]))
            assert measure(name, shuffled) == measure(name, scored)


@pytest.mark.parametrize("name", METRICS)
def test_nothing_is_undefined_and_one_picture_is_enough_for_what_is_less_at_best(name: str) -> None:
    if METRICS[name].one:
        assert measure(name, Scored(np.zeros(0, np.int64), np.zeros((0, 3), np.float32))) is None
    for scored in (random(1, 3), random_several(1, 3)):
        fits = METRICS[name].several if scored.labels.ndim == 2 else METRICS[name].one
        assert METRICS[name].better == "max" or not fits or measure(name, scored) is not None


def test_ties_count_half_in_the_area_and_all_the_same_is_a_half() -> None:
    positive = np.array([True, True, False, False])
    assert area(positive, np.array([2, 1, 1, 0])) == 3.5 / 4
    assert area(positive, np.ones(4)) == 0.5
    assert math.isnan(area(np.ones(3, bool), np.arange(3)))
    assert math.isnan(area(np.zeros(3, bool), np.arange(3)))
    assert auroc_per_class(Scored(np.array([0, 0]), np.eye(2, dtype=np.float32))).tolist() == pytest.approx(
        [math.nan, math.nan], nan_ok=True
    )


def test_the_first_of_equals_is_the_better() -> None:
    flat = Scored(np.array([0, 1, 2, 3]), np.full((4, 4), 0.25, np.float32))
    assert [top_k(flat, k) for k in (1, 2, 3, 4)] == [0.25, 0.5, 0.75, 1]
    assert measure("accuracy", flat) == top_k(flat, 1)


def test_a_confidence_on_a_border_belongs_to_the_bin_below() -> None:
    third = Scored(np.array([0, 1]), np.array([[1 / 3, 1 / 3, 1 / 3], [0.34, 0.33, 0.33]]))
    assert calibration_error(third) == pytest.approx((2 / 3 + 0.34) / 2, rel=1e-12)  # two bins: 5/15 and above
    sure = Scored(np.array([0, 0]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert calibration_error(sure) == 0
    mixed = Scored(np.array([0, 1]), np.array([[0.9, 0.1], [0.9, 0.1]]))
    assert calibration_error(mixed) == pytest.approx(0.4, rel=1e-12)  # one bin: right once in two


def test_a_probability_of_nothing_counts_as_the_least() -> None:
    wrong = Scored(np.array([1]), np.array([[1.0, 0.0]], np.float32))
    assert log_loss(wrong) == pytest.approx(23 * math.log(2))


def test_which_fit() -> None:
    assert list(all_that_fit((), False, True, 3)) == [
        name for name in METRICS if not name.startswith(("top", "subset"))
    ]
    assert "top5" in all_that_fit((), False, True, 6)
    assert "top3" in all_that_fit(("top3",), False, True, 4)
    assert "log_loss" not in set(all_that_fit((), False, False, 3))
    assert "log_loss" in set(all_that_fit((), True, False, 3))
    assert not {"accuracy", "top5", "calibration_error"} & set(all_that_fit((), True, False, 9))
    assert always_one("top5", 5) == "is always 1 with 5 classes"
    assert always_one("top5", 6) is None
    assert misfit("top5", True, False) == "is for one label a picture, but data.labels is several"
    assert misfit("log_loss", False, False) == (
        "needs probabilities that add up to 1, and those of binary_cross_entropy do not; use val_loss"
    )


def test_other_names_lead_to_metrics() -> None:
    assert set(METRIC_ALIASES.values()) <= set(METRICS)
    assert not set(METRIC_ALIASES) & set(METRICS)


@pytest.fixture(scope="module")
def theirs() -> Any:
    """What scikit-learn says, in a process of its own."""
    if find_spec("sklearn") is None:
        pytest.skip("scikit-learn is not installed: metrics and balanced weights are not compared with it")
    ended = process(program=(sys.executable, "-W", "ignore", metric_cases.__file__))
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_the_same_as_scikit_learn(theirs: Any) -> None:
    assert set(theirs["metrics"]) == set(METRICS) - {"calibration_error"}
    for name, expected in theirs["metrics"].items():
        found = [measure(name, scored) for scored in metric_cases.compared(name)]
        assert found == pytest.approx(expected, rel=1e-6), name


def test_balanced_weights_are_those_of_scikit_learn(theirs: Any) -> None:
    kinds = np.unique(metric_cases.LABELS)
    places = np.searchsorted(kinds, metric_cases.LABELS)
    settings = LOSSES["cross_entropy"].settings(class_weights="balanced")
    found = class_weights(Chosen("cross_entropy", settings), places, [str(kind) for kind in kinds])
    np.testing.assert_allclose(np.array(found), theirs["balanced"], rtol=1e-15)
