"""The seam of a profile: what a clock is told, in which order; and that nobody is told anything without one."""

from __future__ import annotations

import numpy as np
import pytest
from models import INFERENCE, TRAINING, layers, network, pictures

from nettrain.autograd.backward import backward
from nettrain.autograd.clock import UNTIMED, Clock
from nettrain.autograd.op import NonFinite
from nettrain.autograd.tensor import Graph, Tensor
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.mean import mean

NET = layers(
    "conv2d: {filters: 4, kernel_size: 3, norm: batch_norm, activation: relu}",
    "max_pool2d: 2",
    "residual: {layers: [{conv2d: {filters: 6, kernel_size: 3}}, batch_norm], shortcut: conv1x1, activation: relu}",
    "flatten",
    "dense: classes",
)
OPS = [
    ("layers.0", "conv2d", ("batch_norm", "max_pool2d", "relu")),
    ("layers.2.shortcut", "conv2d", ("bias",)),
    ("layers.2.layers.0", "conv2d", ("bias",)),
    ("layers.2.layers.1", "through", ("batch_norm", "add", "relu")),
    ("layers.3", "flatten", ()),
    ("layers.4", "linear", ("bias",)),
    ("", "cross_entropy", ()),
    ("", "mean", ()),
]
CONVOLUTIONS = [2 * 3 * 64 * 4 * 27, 2 * 3 * 16 * 6 * 4, 2 * 3 * 16 * 6 * 36]
FLOPS = [*CONVOLUTIONS, 0, 0, 2 * 3 * 96 * 5, 0, 0]
GRADIENTS = [1, 2, 2, 2, 2, 2, 2, 2]  # the first needs none by the pictures


class Ear(Clock):
    """Remembers all that it is told."""

    counts_flops = True

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def lap(self, account: str) -> None:
        self.heard.append(("lap", account))

    def forward(self, layer: str, op: str, parts: tuple[str, ...], flops: int) -> None:
        self.heard.append(("forward", layer, op, parts, flops))

    def backward(self, layer: str, op: str, parts: tuple[str, ...], flops: int) -> None:
        self.heard.append(("backward", layer, op, parts, flops))


def loss_of(graph: Graph) -> Tensor:
    outputs = network(NET)(graph.input(pictures(3)), TRAINING)
    return mean(cross_entropy(outputs, labels=np.array([0, 2, 4])))


def test_every_operation_is_told_forward_and_back_with_its_layer() -> None:
    ear = Ear()
    backward(loss_of(Graph(clock=ear)))
    forward = [("forward", *op, flops) for op, flops in zip(OPS, FLOPS, strict=True)]
    back = [("backward", *op, flops * n) for op, flops, n in zip(OPS, FLOPS, GRADIENTS, strict=True)]
    assert [heard for heard in ear.heard if heard[0] == "forward"] == forward
    walked = [heard for heard in ear.heard if heard[0] == "backward"]
    assert sorted(walked, key=str) == sorted(back, key=str)
    assert walked[:5] == back[:2:-1]


def test_a_lap_parts_each_operation_from_what_was_before_it() -> None:
    ear = Ear()
    backward(loss_of(Graph(clock=ear)))
    kinds = [heard[0] for heard in ear.heard]
    assert kinds == ["lap", "forward"] * len(OPS) + ["lap"] + ["backward"] * len(OPS)
    assert {heard[1] for heard in ear.heard if heard[0] == "lap"} == {"other"}


def test_an_operation_that_fails_is_not_told() -> None:
    ear = Ear()
    with pytest.raises(NonFinite):
        network(NET)(Graph(checked=True, clock=ear).input(np.full((3, 8, 8, 3), np.nan, np.float32)), TRAINING)
    assert ear.heard == [("lap", "other")]


def test_the_bits_are_the_same_with_a_clock_and_without() -> None:
    assert Graph().clock is UNTIMED
    expected = backward(loss_of(Graph(clock=Ear())))
    found = backward(loss_of(Graph()))
    assert {x.name: g.tobytes() for x, g in found.items()} == {x.name: g.tobytes() for x, g in expected.items()}


def test_inference_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*facts: object) -> None:
        raise TypeError("told")

    net = network(NET)
    monkeypatch.setattr(Clock, "forward", never)
    net(Tensor(pictures(3)), INFERENCE)
    with pytest.raises(TypeError, match="told"):
        net(Graph().input(pictures(3)), TRAINING)
