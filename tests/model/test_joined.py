"""Layers that run inside the layer before them give what the same layers give one after another."""

from __future__ import annotations

import numpy as np
import pytest
from models import INFERENCE, TRAINING, layers, network, pictures, recorded

from nettrain.autograd.tensor import Tensor
from nettrain.model.layer import Pass
from nettrain.model.network import Network

CONV = "conv2d: {filters: 6, kernel_size: 3, bias: false}"
BLOCK = "residual: [{conv2d: {filters: 3, kernel_size: 3}}, batch_norm, relu]"
SEQUENCES = {  # the layers, and the operations that are recorded: those that a gradient flows through
    "conv, batch_norm, relu, max_pool": (
        [CONV, "batch_norm", "relu", "max_pool2d", "flatten"],
        ["conv2d", "through", "flatten", "linear"],
    ),
    "conv, relu, max_pool, dropout": (
        [CONV, "relu", "max_pool2d", "dropout: 0.3", "flatten"],
        ["conv2d", "flatten", "linear"],
    ),
    "conv, two norms": (
        [CONV, "batch_norm", "batch_norm", "global_avg_pool"],
        ["conv2d", "through", "through", "linear"],
    ),
    "parts first": (
        ["relu", "avg_pool2d", "batch_norm", "tanh", "flatten"],
        ["through", "flatten", "linear"],
    ),
    "residual, max_pool, gelu": (
        [BLOCK, "max_pool2d", "gelu", "flatten"],
        ["conv2d", "through", "flatten", "linear"],
    ),
    "flatten, dropout, relu": (["flatten", "dropout: 0.3", "relu"], ["linear"]),
}
each_sequence = pytest.mark.parametrize(("lines", "nodes"), SEQUENCES.values(), ids=SEQUENCES)


def one_by_one(net: Network, x: Tensor, now: Pass) -> Tensor:
    for layer in net.layers:
        x = layer(x, now)
    return x


@each_sequence
def test_joined_equals_one_by_one(lines: list[str], nodes: list[str]) -> None:
    net = network(layers(*lines, "dense: classes"), dtype=np.float64)
    x = pictures(37, dtype=np.float64)
    for now in (TRAINING, INFERENCE):
        joined, apart = net(recorded(x), now).array, one_by_one(net, recorded(x), now).array
        np.testing.assert_allclose(joined, apart, rtol=1e-10, atol=1e-10)


@each_sequence
def test_at_inference_even_the_bits_are_equal(lines: list[str], nodes: list[str]) -> None:
    net = network(layers(*lines, "dense: classes"))
    x = Tensor(pictures(11))
    assert net(x, INFERENCE).array.tobytes() == one_by_one(net, x, INFERENCE).array.tobytes()


@each_sequence
def test_which_layers_are_joined(lines: list[str], nodes: list[str]) -> None:
    net = network(layers(*lines, "dense: classes"))
    y = net(recorded(pictures(3)), TRAINING)
    found: list[tuple[int, str]] = []
    todo = [y.node]
    while todo:
        node = todo.pop()
        if node is not None:
            found.append((node.number, node.op))
            todo += [tensor.node for tensor in node.inputs]
    assert [op for _, op in sorted(set(found))] == nodes


def test_a_norm_as_setting_and_as_layer_is_the_same() -> None:
    inside = "conv2d: {filters: 6, kernel_size: 3, norm: batch_norm, activation: relu}"
    one = network(layers(inside, "flatten", "dense: classes"), dtype=np.float64)
    two = network(layers(CONV, "batch_norm", "relu", "flatten", "dense: classes"), dtype=np.float64)
    for name, array in one.state().items():
        two.state()[name.replace("layers.0.norm", "layers.1").replace("layers.2", "layers.4")][...] = array
    x = pictures(37, dtype=np.float64)
    for now in (TRAINING, INFERENCE):
        np.testing.assert_allclose(one(Tensor(x), now).array, two(Tensor(x), now).array, rtol=1e-10)
