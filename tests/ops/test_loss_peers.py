"""Losses beside PyTorch's: values and gradients in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nettrain.autograd.backward import backward
from nettrain.autograd.tensor import Graph, Leaf, Tensor
from nettrain.ops.binary_cross_entropy import binary_cross_entropy
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.focal import focal
from nettrain.ops.mean import mean
from nettrain.ops.weighted import weighted

torch = pytest.importorskip("torch", reason="PyTorch is not installed: losses are not compared with it")
F = torch.nn.functional

RANDOM = np.random.default_rng(5)
LOGITS = RANDOM.normal(scale=4, size=(12, 6))
LABELS = RANDOM.integers(0, 6, 12)
SEVERAL = RANDOM.random((12, 6)) < 0.3
WEIGHTS = np.linspace(0.25, 2, 6)
SHARES = RANDOM.dirichlet(np.full(6, 0.3), 12)


def torch_focal(z: Any) -> Any:
    surprise = F.cross_entropy(z, torch.tensor(LABELS), reduction="none")
    return (0.25 * (1 - torch.exp(-surprise)) ** 1.5 * surprise).mean()


def torch_weighted(z: Any) -> Any:
    losses = F.cross_entropy(z, torch.tensor(LABELS), torch.tensor(WEIGHTS), reduction="none")
    return losses.sum() / len(LABELS)  # not reduction="mean", which divides by the sum of weights


def torch_binary(z: Any) -> Any:
    targets, weights = torch.tensor(SEVERAL.astype(float)), torch.tensor(WEIGHTS)
    return F.binary_cross_entropy_with_logits(z, targets, pos_weight=weights)


def torch_shares(z: Any, **settings: Any) -> Any:
    return F.cross_entropy(z, torch.tensor(SHARES), **settings)


def torch_binary_shares(z: Any) -> Any:
    return F.binary_cross_entropy_with_logits(z, torch.tensor(SHARES), pos_weight=torch.tensor(WEIGHTS))


PAIRS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Any], Any]]] = {
    "focal": (lambda z: focal(z, labels=LABELS, gamma=1.5, alpha=0.25), torch_focal),
    "cross_entropy, weighted": (
        lambda z: weighted(cross_entropy(z, labels=LABELS), weights=WEIGHTS[LABELS]),
        torch_weighted,
    ),
    "binary_cross_entropy, weighted": (
        lambda z: binary_cross_entropy(z, labels=SEVERAL, class_weights=WEIGHTS),
        torch_binary,
    ),
    "cross_entropy of shares, smoothed": (
        lambda z: cross_entropy(z, labels=SHARES, label_smoothing=0.2),
        lambda z: torch_shares(z, label_smoothing=0.2),
    ),
    "cross_entropy of shares, weighted": (
        lambda z: cross_entropy(z, labels=SHARES * WEIGHTS),
        lambda z: torch_shares(z, weight=torch.tensor(WEIGHTS)),
    ),
    "binary_cross_entropy of shares, weighted": (
        lambda z: binary_cross_entropy(z, labels=SHARES, class_weights=WEIGHTS),
        torch_binary_shares,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_value_and_gradient_are_those_of_pytorch(name: str) -> None:
    ours, theirs = PAIRS[name]
    leaf = Leaf(LOGITS)
    leaf.graph = graph = Graph()
    loss = mean(ours(leaf))
    assert graph is not None
    z = torch.tensor(LOGITS, requires_grad=True)
    expected = theirs(z)
    expected.backward()
    np.testing.assert_allclose(loss.array, expected.item(), rtol=1e-12)
    (gradient,) = backward(loss).values()
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-9, atol=1e-15)
