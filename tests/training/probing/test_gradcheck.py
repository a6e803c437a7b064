"""The check of derivatives: right ones pass in every kind of network, wrong ones fail, weights stay as they were."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.arrays.flat import Flat
from nettrain.autograd.tensor import Graph, Leaf
from nettrain.config.reader import read_text
from nettrain.errors import Diverged
from nettrain.ops.linear import linear
from nettrain.ops.mean import mean
from nettrain.ops.mse import mse
from nettrain.ops.relu import relu
from nettrain.training.config import TABLES, Config
from nettrain.training.probing import gradcheck as module
from nettrain.training.probing.gradcheck import check_gradients, gradcheck

TEXT = """\
data: {{train: x, image: {{size: [8, 8]}}}}
model:
  activation: {activation}
  layers:
    - conv2d: {{filters: 4, kernel_size: 3, norm: batch_norm}}
    - max_pool2d: 2
    - residual: [conv2d: {{filters: 4, kernel_size: 3, norm: batch_norm}}]
    - dropout: 0.2
    - global_avg_pool
    - dense: classes
{loss}optimizer: sgd
train: {{epochs: 1}}
"""


def document(activation="relu", loss=""):
    text = TEXT.format(activation=activation, loss=loss)
    if "# mixed" in loss:
        text = text.replace("size: [8, 8]}}", "size: [8, 8]}, augment: [mixup, cutmix]}")
    return read_text(text, "c.yaml", Config, TABLES, "/")


def test_mixed_pictures_have_shares_for_labels(monkeypatch):
    seen = []
    real = module.training_loss

    def watched(*given):
        loss = real(*given)
        return lambda outputs, labels: seen.append(labels) or loss(outputs, labels)

    monkeypatch.setattr(module, "training_loss", watched)
    next(gradcheck(document(loss="# mixed\n"), 3))
    assert seen[0].shape == (8, 3)
    np.testing.assert_allclose(np.sort(seen[0], axis=1), np.tile([0, 1 / 3, 2 / 3], (8, 1)), rtol=1e-6)


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("relu", ""),
        ("gelu", "loss: mse\n"),
        ("silu", "loss: {cross_entropy: {label_smoothing: 0.1, class_weights: balanced}}\n"),
        ("relu", "loss: {focal: {gamma: 1.5, class_weights: balanced}}\n# mixed\n"),
    ],
)
def test_right_derivatives_pass(activation, loss):
    found = list(gradcheck(document(activation, loss), 3))
    assert [checked.name for checked in found] == [
        "layers.0.weight", "layers.0.norm.weight", "layers.0.norm.bias",
        "layers.2.layers.0.weight", "layers.2.layers.0.norm.weight", "layers.2.layers.0.norm.bias",
        "layers.5.weight", "layers.5.bias",
    ]  # fmt: skip
    assert all(checked.passed for checked in found), found
    assert any(abs(checked.derivative) > 1e-3 for checked in found)
    assert list(gradcheck(document(activation, loss), 3)) == found


@pytest.mark.parametrize("factor", [0.0, 1.0001, -1.0])
def test_a_wrong_derivative_fails(monkeypatch, factor):
    right = module.backward

    def wrong(loss):
        return {leaf: g * (factor if leaf.name == "layers.5.weight" else 1.0) for leaf, g in right(loss).items()}

    monkeypatch.setattr(module, "backward", wrong)
    failed = [checked.name for checked in gradcheck(document(), 3) if not checked.passed]
    assert failed == ["layers.5.weight"]


def of_numbers(numbers, picture=1.0):
    """A loss whose kinks lie where the weights are 0: mean((relu(w x) - 1)^2)."""
    weights = Flat({"w": (1, len(numbers))}, np.float64)
    weights.array[:] = numbers
    leaf = Leaf(weights.views["w"], "w")

    def loss():
        return mean(mse(relu(linear(Graph().input(np.full((1, 1), picture)), leaf)), labels=np.array([1])))

    return weights, loss


def test_kinks_are_stepped_around(monkeypatch):
    """One weight lies so near to the kink of relu that a step of 1e-6 crosses it."""
    weights, loss = of_numbers([0.5, 5e-8, -1.0])
    before = weights.array.copy()
    (checked,) = check_gradients(weights, loss)
    assert checked.passed, checked
    assert weights.array.tobytes() == before.tobytes()
    monkeypatch.setattr(module, "STEPS", (1e-6,))
    monkeypatch.setattr(module, "DIRECTIONS", 1)
    (checked,) = check_gradients(weights, loss)
    assert not checked.passed


def test_a_loss_that_is_not_finite_is_no_bug():
    weights, loss = of_numbers([1.0, 1.0], picture=np.inf)
    with pytest.raises(Diverged) as caught:
        list(check_gradients(weights, loss))
    assert str(caught.value) == "the loss of fresh weights is inf, which has no derivative; look at model.init"
