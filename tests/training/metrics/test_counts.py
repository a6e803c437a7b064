"""Metrics against counts made by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.training.metrics import counts as metrics

# Nine pictures of classes 0, 1, 2. Classes 2 and 3 are never predicted; class 4 is, without having any.
TRUE = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
PREDICTED = np.array([0, 0, 0, 1, 1, 1, 4, 0, 1])
MATRIX = np.array(
    [
        [3, 1, 0, 0, 0],
        [0, 2, 0, 0, 1],
        [1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
)
NAN = math.nan


def test_rows_are_true_columns_predicted() -> None:
    found = metrics.confusion_matrix(TRUE, PREDICTED, 5)
    assert found.dtype == np.int64
    assert found.tolist() == MATRIX.tolist()


def test_precision_recall_f1_and_support() -> None:
    found = metrics.per_class(MATRIX)
    np.testing.assert_allclose(found.precision, [3 / 4, 2 / 4, NAN, NAN, 0], rtol=1e-15)
    np.testing.assert_allclose(found.recall, [3 / 4, 2 / 3, 0, NAN, NAN], rtol=1e-15)
    np.testing.assert_allclose(found.f1, [3 / 4, 4 / 7, 0, NAN, 0], rtol=1e-15)
    assert found.support.tolist() == [4, 3, 2, 0, 0]
    assert found.predicted.tolist() == [4, 4, 0, 0, 1]


def test_accuracy_and_macro_f1() -> None:
    assert metrics.accuracy(MATRIX) == 5 / 9
    assert metrics.macro_f1(MATRIX) == float(Fraction(3, 4) + Fraction(4, 7)) / 4  # of the four that are defined


def test_nothing_is_undefined_not_zero() -> None:
    nothing = np.zeros((2, 2), np.int64)
    assert math.isnan(metrics.accuracy(nothing))
    assert math.isnan(metrics.macro_f1(nothing))
    assert math.isnan(metrics.mean_loss([]))
    empty = np.array([], np.int64)
    assert metrics.confusion_matrix(empty, empty, 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_labels_of_any_integer_type_count_the_same(dtype: type) -> None:
    true, predicted = np.arange(200, dtype=dtype), np.arange(200, dtype=dtype)[::-1]
    assert np.trace(metrics.confusion_matrix(true, true, 200)) == 200
    assert metrics.confusion_matrix(true, predicted, 200)[0, 199] == 1  # 0 * 200 + 199 does not fit in a byte


WRONG = [
    (np.array([0, 2]), np.array([0, 0]), "a label is outside 0..1"),
    (np.array([0, 0]), np.array([0, -1]), "a prediction is outside 0..1"),
    (np.array([0]), np.array([0, 1]), "labels (1,) and predictions (2,); expected one of each a picture"),
]


@pytest.mark.parametrize(("true", "predicted", "message"), WRONG)
def test_labels_that_cannot_be_are_refused(true: np.ndarray, predicted: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the whole message follows)
        metrics.confusion_matrix(true, predicted, 2)
    assert str(caught.value) == message


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_counts_agree_with_counting(pairs: list[tuple[int, int]]) -> None:
    true, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    matrix = metrics.confusion_matrix(true, predicted, 4)
    assert matrix.tolist() == [[pairs.count((row, column)) for column in range(4)] for row in range(4)]
    assert metrics.accuracy(matrix) == sum(a == b for a, b in pairs) / len(pairs)
    scores = []
    for k in range(4):
        hits = sum(a == b == k for a, b in pairs)
        wrong = sum((a == k) != (b == k) for a, b in pairs)
        scores += [Fraction(2 * hits, 2 * hits + wrong)] if hits + wrong else []
    assert metrics.macro_f1(matrix) == pytest.approx(float(sum(scores) / len(scores)), rel=1e-14)


def test_the_mean_loss_is_exact_in_any_order() -> None:
    losses = [1e16, 1.0, -1e16, 0.1]
    assert metrics.mean_loss(losses) == 1.1 / 4
    assert metrics.mean_loss(reversed(losses)) == 1.1 / 4
    assert metrics.mean_loss(np.array([0.1, 0.2], np.float32)) == (float(np.float32(0.1)) + float(np.float32(0.2))) / 2
