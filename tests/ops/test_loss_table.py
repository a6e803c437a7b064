"""How outputs become probabilities, for each loss of the table."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.autograd.backward import backward
from nettrain.autograd.tensor import Graph, Leaf, Tensor
from nettrain.ops.activations import ACTIVATIONS
from nettrain.ops.loss_table import INSIDE, LOSS_ALIASES, LOSSES, shares_of, sigmoid_of, softmax_of
from nettrain.ops.mean import mean

OUTPUTS = np.random.default_rng(1).normal(1, size=(9, 4)).astype(np.float32)  # a positive one in every row


@pytest.mark.parametrize("kind", LOSSES)
def test_rows_become_probabilities_and_the_outputs_stay(kind: str) -> None:
    outputs = OUTPUTS.copy()
    outputs.flags.writeable = False
    probabilities = LOSSES[kind][2](outputs)
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    if not LOSSES[kind].several:  # else each class is a question of its own
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert (probabilities.argmax(axis=1) == outputs.argmax(axis=1)).all()


@pytest.mark.parametrize("kind", LOSSES)
def test_settings_are_keywords_of_the_op(kind: str) -> None:
    row = LOSSES[kind]
    settings = {name: value for name, value in vars(row.settings()).items() if name != "class_weights"}
    assert row.op(Tensor(OUTPUTS), labels=np.arange(9) % 4, **settings).shape == (9,)


@pytest.mark.parametrize("kind", [kind for kind, row in LOSSES.items() if row.shares])
def test_shares_of_one_class_are_its_label_to_the_bit(kind: str) -> None:
    """A picture that was not mixed learns as if nothing had been, forward and back."""
    found = []
    for labels in (np.arange(9) % 4, np.eye(4, dtype=np.float32)[np.arange(9) % 4]):
        logits = Leaf(5 * OUTPUTS)
        logits.graph = Graph()
        loss = LOSSES[kind].op(logits, labels=labels)
        found.append((loss.array.tobytes(), *(g.tobytes() for g in backward(mean(loss)).values())))
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", [kind for kind, row in LOSSES.items() if row.shares])
def test_a_loss_of_shares_is_the_mean_of_the_losses_of_the_labels(kind: str) -> None:
    """What mixup asks for: the share of each label times the loss towards it."""
    one, other = np.arange(9) % 4, (np.arange(9) + 1) % 4
    shares = np.float32(0.3) * np.eye(4, dtype=np.float32)[one] + np.float32(0.7) * np.eye(4, dtype=np.float32)[other]
    of = LOSSES[kind].op
    expected = 0.3 * of(Tensor(OUTPUTS), labels=one).array + 0.7 * of(Tensor(OUTPUTS), labels=other).array
    np.testing.assert_allclose(of(Tensor(OUTPUTS), labels=shares).array, expected, rtol=1e-5)


def test_softmax_of_large_logits_does_not_overflow() -> None:
    np.testing.assert_allclose(softmax_of(np.array([[1e4, 0.0, 1e4]])), [[0.5, 0, 0.5]])


def test_cross_entropy_of_large_logits_is_exact() -> None:
    loss = LOSSES["cross_entropy"][1](Tensor(np.array([[1e4, 0.0], [1e4, 0.0]])), labels=np.array([0, 1]))
    assert loss.array.tolist() == [0, 1e4]


def test_a_sigmoid_of_large_logits_does_not_overflow() -> None:
    np.testing.assert_allclose(sigmoid_of(np.array([[1e4, 0.0, -1e4, 2.0]])), [[1, 0.5, 0, 1 / (1 + np.exp(-2.0))]])


@pytest.mark.parametrize("kind", ["focal", "binary_cross_entropy"])
def test_losses_of_large_logits_are_exact(kind: str) -> None:
    graph, logits = Graph(), Leaf(np.array([[1e4, 0.0], [1e4, 0.0]], np.float32))
    logits.graph = graph
    loss = LOSSES[kind].op(logits, labels=np.array([0, 1]))
    expected = {"focal": [0, 1e4], "binary_cross_entropy": [0.5 * np.log(2), 0.5 * np.log(2) + 0.5e4]}
    np.testing.assert_allclose(loss.array, expected[kind], rtol=1e-6)
    (gradient,) = backward(mean(loss)).values()
    slopes = {"focal": [[0, 0], [0.5, -0.5]], "binary_cross_entropy": [[0, 0.125], [0.25, -0.125]]}
    np.testing.assert_allclose(gradient, slopes[kind], rtol=1e-6)


def test_focal_keeps_its_digits_where_the_model_is_sure() -> None:
    loss = LOSSES["focal"].op(Tensor(np.array([[20.0, 0.0]], np.float32)), labels=np.array([0]))
    np.testing.assert_allclose(loss.array, [np.exp(-20.0) ** 3], rtol=1e-5)  # (1-p)^2 log p, with 1-p = e^-20


def test_focal_keeps_its_digits_where_the_model_is_sure_of_the_larger_share() -> None:
    loss = LOSSES["focal"].op(Tensor(np.array([[20.0, 0.0]], np.float32)), labels=np.array([[0.75, 0.25]], np.float32))
    np.testing.assert_allclose(loss.array, [0.25 * 20], rtol=1e-6)  # and the other's is all surprise


@pytest.mark.parametrize(
    ("outputs", "shares"),
    [
        ([0.5, 1.5, -3.0], [0.25, 0.75, 0.0]),
        ([-1.0, -2.0, 0.0], [1 / 3, 0.0, 2 / 3]),  # none is positive: counted from the least, so the largest stays it
        ([-1.0, -1.0, -1.0], [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_shares_cut_off_below_zero(outputs: list[float], shares: list[float]) -> None:
    np.testing.assert_allclose(shares_of(np.array([outputs])), [shares])


@pytest.mark.parametrize("kind", LOSSES)
def test_there_are_outputs_for_any_probabilities(kind: str) -> None:
    """Those of the mean over several views, say; finite also where a class is certain or out of the question."""
    row = LOSSES[kind]
    for found in (row.probabilities(OUTPUTS.astype(np.float64)), np.array([[1.0, 0.0, 0.0], [0.2, 0.8, 0.0]])):
        outputs = row.outputs(found)
        assert np.isfinite(outputs).all()
        np.testing.assert_allclose(row.probabilities(outputs), found, rtol=1e-12, atol=1e-300)
        loss = row.op(Tensor(outputs), labels=np.zeros(len(found), np.int64)).array
        assert np.isfinite(loss).all()
        if kind == "cross_entropy":
            np.testing.assert_allclose(loss, -np.log(found[:, 0]), rtol=1e-12)


def test_aliases_lead_to_losses() -> None:
    assert set(LOSS_ALIASES.values()) <= set(LOSSES)


def test_what_losses_have_inside_are_activations() -> None:
    assert set(INSIDE) <= set(LOSSES)
    assert {kind for kinds in INSIDE.values() for kind in kinds} <= set(ACTIVATIONS)
