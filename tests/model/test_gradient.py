"""The gradient of whole networks, in training, with everything on: against directional differences, and in bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from models import INFERENCE, TRAINING, Array, layers, network, pictures, recorded
from promises import directional_difference

from nettrain.autograd.backward import backward
from nettrain.autograd.tensor import Tensor
from nettrain.model.network import Network
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.mean import mean
from nettrain.ops.mse import mse

NETWORKS = {
    "convolutional": layers(
        "conv2d: {filters: 4, kernel_size: 3, norm: batch_norm}",
        "dropout: 0.2",
        "residual: {layers: [{conv2d: {filters: 6, kernel_size: 3, stride: 2, norm: batch_norm}},"
        " {conv2d: {filters: 6, kernel_size: 3, norm: batch_norm, activation: none}}], shortcut: conv1x1,"
        " activation: gelu}",
        "residual: {layers: [{conv2d: {filters: 8, kernel_size: 3, groups: 2}}], shortcut: pad}",
        "avg_pool2d: 2",
        "batch_norm",
        "global_avg_pool",
        "dropout: 0.3",
        "dense: classes",
        activation="silu",
    ),
    "dense": layers(
        "flatten",
        "dense: {units: 9, norm: batch_norm}",
        "dropout: 0.5",
        "dense: 7",
        "residual: [dense: 7]",
        "dense: classes",
        activation="tanh",
    ),
    "with norms of one picture": layers(
        "conv2d: {filters: 4, kernel_size: 3, norm: instance_norm}",
        "residual: {layers: [{conv2d: {filters: 6, kernel_size: 3, stride: 2, norm: {group_norm: 2}}},"
        " {conv2d: {filters: 6, kernel_size: 3, norm: layer_norm, activation: none}}], shortcut: conv1x1,"
        " activation: mish}",
        "group_norm: 3",
        "softplus",
        "conv2d: {filters: 4, kernel_size: 1, norm: layer_norm, activation: softmax}",
        "global_avg_pool",
        "layer_norm",
        "dense: {units: 6, norm: {group_norm: 2}, activation: gelu_tanh}",
        "dense: {units: 5, norm: layer_norm, activation: elu}",
        "dense: classes",
        activation="silu",
    ),
    "of branches and gates": layers(
        "conv2d: {filters: 4, kernel_size: 3, norm: batch_norm}",
        "parallel: [[], [batch_norm, {conv2d: {filters: 3, kernel_size: 3}}], [{avg_pool2d: {pool_size: 3, stride: 1,"
        " padding: same}}]]",
        "residual: {layers: [{depthwise_conv2d: {kernel_size: 3, norm: batch_norm}}, {squeeze_excite: {reduced: 3,"
        " activation: tanh}}, {conv2d: {filters: 11, kernel_size: 1, activation: none}}], drop_path: 0.3}",
        "zero_padding2d: [[0, 1], [1, 0]]",
        "separable_conv2d: {filters: 6, kernel_size: 3, stride: 2, padding: valid, depth_multiplier: 2}",
        "parallel: {branches: [[global_avg_pool], [global_max_pool]], merge: add}",
        "dense: classes",
        activation="tanh",
    ),
    "with kinks": layers(
        "conv2d: {filters: 5, kernel_size: 3, norm: batch_norm}",
        "max_pool2d: {pool_size: 3, stride: 2, padding: 1}",
        "conv2d: {filters: 5, kernel_size: 3}",
        "leaky_relu: 0.1",
        "conv2d: {filters: 5, kernel_size: 1, activation: {prelu: 0.2}}",
        "prelu",
        "flatten",
        "dense: classes",
        activation="relu",
    ),
}
CLIPS = {
    "of clips": layers(
        "conv3d: {filters: 4, kernel_size: 3, norm: batch_norm}",
        "dropout: 0.2",
        "avg_pool3d: [1, 2, 2]",
        "residual: {layers: [{conv3d: {filters: 6, kernel_size: 3, stride: [2, 1, 1], norm: batch_norm}}],"
        " shortcut: conv1x1, activation: gelu}",
        "time_distributed: [{conv2d: {filters: 5, kernel_size: 3, norm: batch_norm}}, drop_path: 0.2, dropout: 0.1,"
        " global_avg_pool, {dense: 6}]",
        "time_distributed: [{dense: {units: 6, norm: layer_norm}}]",
        "time_avg_pool",
        "dense: classes",
        activation="silu",
    ),
    "of clips, with kinks": layers(
        "conv3d: {filters: 5, kernel_size: [3, 1, 1], norm: batch_norm}",
        "max_pool3d: {pool_size: 3, stride: [1, 2, 2], padding: 1}",
        "conv3d: {filters: 4, kernel_size: [1, 3, 3], groups: 1, norm: instance_norm}",
        "time_max_pool",
        "flatten",
        "dense: classes",
        activation="relu",
    ),
}
NETWORKS |= CLIPS
SHAPES = dict.fromkeys(CLIPS.values(), (4, 6, 5, 3))
each_network = pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)


def loss_of(net: Network, x: Array) -> Tensor:
    labels = np.arange(len(x)) % 5
    outputs = net(recorded(x), TRAINING)
    return mean(cross_entropy(outputs, labels=labels, label_smoothing=0.1))


@each_network
def test_equals_directional_differences(text: str) -> None:
    shape = SHAPES.get(text, (8, 6, 3))
    net = network(text, shape, dtype=np.float64)
    flat = net.materialise(1, np.float64)
    x = pictures(6, shape, np.float64)
    gradients = {leaf.name: gradient for leaf, gradient in backward(loss_of(net, x)).items()}
    assert set(gradients) == set(net.parameters)
    start = flat.array.copy()
    random = np.random.default_rng(5)

    def loss(weights: Array) -> float:
        flat.array[:] = weights
        return float(loss_of(net, x).array)

    for name, span in [*flat.spans.items(), ("all", slice(None))]:
        direction = np.zeros_like(start)
        direction[span] = random.normal(size=start[span].shape)
        direction /= np.linalg.norm(direction)
        along = sum(float((gradients[n].ravel() * direction[s]).sum()) for n, s in flat.spans.items())
        slope = directional_difference(loss, start, direction, step=1e-6)
        assert along == pytest.approx(slope, rel=1e-5, abs=1e-8), name


@each_network
def test_threads_change_no_bit(text: str, threads: Callable[[int], None]) -> None:
    shape = SHAPES.get(text, (8, 8, 3))
    net, x = network(text, shape), pictures(75, shape)
    found = []
    for count in (1, 2, 3):
        threads(count)
        loss = loss_of(net, x)
        value = float(loss.array)
        found.append((value, {leaf.name: g.tobytes() for leaf, g in backward(loss).items()}))
    assert found[0] == found[1] == found[2]


@each_network
def test_a_picture_at_inference_is_the_same_alone_and_in_company(text: str) -> None:
    shape = SHAPES.get(text, (8, 8, 3))
    net, x = network(text, shape), pictures(21, shape)
    together = net(Tensor(x), INFERENCE).array
    for n, row in enumerate(together):
        assert net(Tensor(x[n : n + 1]), INFERENCE).array[0].tobytes() == row.tobytes()
    assert net(Tensor(x[::-1].copy()), INFERENCE).array[::-1].tobytes() == together.tobytes()


def test_training_and_inference_agree_where_nothing_differs() -> None:
    net = network(layers("conv2d: {filters: 4, kernel_size: 3}", "relu", "flatten", "dense: classes"))
    x = pictures(37)
    np.testing.assert_allclose(net(recorded(x), TRAINING).array, net(Tensor(x), INFERENCE).array, rtol=1e-4, atol=1e-5)


def test_mse_too() -> None:
    net = network(layers("flatten", "dense: classes"), (2, 2, 1), dtype=np.float64)
    x = pictures(4, (2, 2, 1), np.float64)
    labels = np.arange(4)
    gradients = backward(mean(mse(net(recorded(x), TRAINING), labels=labels)))
    by_outputs = 2 / 5 / 4 * (net(Tensor(x), INFERENCE).array - np.eye(5)[labels])
    np.testing.assert_allclose(
        gradients[net.parameters["layers.1.weight"]], x.reshape(4, -1).T @ by_outputs, rtol=1e-10
    )
