"""Residual blocks against a composition by hand."""

from __future__ import annotations

from collections.abc import Callable

import naive
import numpy as np
import pytest
from models import INFERENCE, TRAINING, Array, layers, network, pictures

from nettrain.arrays.windows import Window
from nettrain.autograd.tensor import Tensor

EPSILON = 1e-5
SAME = Window((3, 3), padding="same")
HALF = Window((3, 3), (2, 2), padding="same")
POINT = Window((1, 1), (2, 2))
QUARTER = Window((1, 1), (4, 4))
END = ("global_avg_pool", "dense: classes")

State = dict[str, Array]


def first_layer(text: str, x: Array, training: bool) -> tuple[Array, State]:
    """What the first layer makes of ``x``, and the state that it did it with."""
    net = network(layers(text, *END), x.shape[1:], dtype=np.float64)
    return net.layers[0](Tensor(x), TRAINING if training else INFERENCE).array, net.state()


def norm(state: State, name: str, z: Array, training: bool) -> Array:
    weight, bias, mean, var = (
        state[f"layers.0.{name}.norm.{key}"] for key in ("weight", "bias", "running_mean", "running_var")
    )
    if training:
        return naive.batch_norm(z, weight, bias, EPSILON)
    return naive.normalised(z, weight, bias, mean, var, EPSILON)


def identity(s: State, x: Array, training: bool) -> Array:
    a = naive.relu(norm(s, "layers.0", naive.conv(x, s["layers.0.layers.0.weight"], SAME), training))
    b = norm(s, "layers.1", naive.conv(a, s["layers.0.layers.1.weight"], SAME), training)
    return naive.relu(b + x)


def option_a(s: State, x: Array, training: bool) -> Array:
    a = naive.relu(norm(s, "layers.0", naive.conv(x, s["layers.0.layers.0.weight"], HALF), training))
    b = norm(s, "layers.1", naive.conv(a, s["layers.0.layers.1.weight"], SAME), training)
    return naive.relu(b + naive.option_a(x, (2, 2), 6))


def option_b(s: State, x: Array, training: bool) -> Array:
    a = naive.relu(norm(s, "layers.0", naive.conv(x, s["layers.0.layers.0.weight"], HALF), training))
    b = norm(s, "layers.1", naive.conv(a, s["layers.0.layers.1.weight"], SAME), training)
    c = norm(s, "shortcut", naive.conv(x, s["layers.0.shortcut.weight"], POINT), training)
    return naive.relu(b + c)


def block(filters: int, stride: int, shortcut: str) -> str:
    return (
        "residual: {layers: ["
        f"{{conv2d: {{filters: {filters}, kernel_size: 3, stride: {stride}, norm: batch_norm, activation: relu}}}}, "
        f"{{conv2d: {{filters: {filters}, kernel_size: 3, norm: batch_norm}}}}], "
        f"shortcut: {shortcut}, activation: relu}}"
    )


def bare(s: State, x: Array, training: bool) -> Array:
    return naive.conv(x, s["layers.0.layers.0.weight"], SAME) + s["layers.0.layers.0.bias"] + x


def biased_option_b(s: State, x: Array, training: bool) -> Array:
    z = naive.conv(x, s["layers.0.layers.0.weight"], HALF) + s["layers.0.layers.0.bias"]
    return z + naive.conv(x, s["layers.0.shortcut.weight"], POINT) + s["layers.0.shortcut.bias"]


def quartered_option_b(s: State, x: Array, training: bool) -> Array:
    z = naive.conv(x, s["layers.0.layers.0.weight"], HALF) + s["layers.0.layers.0.bias"]
    z = naive.conv(z, s["layers.0.layers.1.weight"], HALF) + s["layers.0.layers.1.bias"]
    return z + naive.conv(x, s["layers.0.shortcut.weight"], QUARTER) + s["layers.0.shortcut.bias"]


def doubled(s: State, x: Array, training: bool) -> Array:
    return 2 * x


ROWS: dict[str, tuple[str, Callable[[State, Array, bool], Array]]] = {
    "identity": (block(4, 1, "identity"), identity),
    "pad": (block(6, 2, "pad"), option_a),
    "conv1x1": (block(6, 2, "conv1x1"), option_b),
    "no activation unless named": ("residual: [{conv2d: {filters: 4, kernel_size: 3}}]", bare),
    "conv1x1 without a norm": (
        "residual: {layers: [{conv2d: {filters: 6, kernel_size: 3, stride: 2}}], shortcut: conv1x1}",
        biased_option_b,
    ),
    "conv1x1 over two strides": (
        "residual: {layers: [{conv2d: {filters: 6, kernel_size: 3, stride: 2}}, "
        "{conv2d: {filters: 6, kernel_size: 3, stride: 2}}], shortcut: conv1x1}",
        quartered_option_b,
    ),
    "around a layer that is a part": ("residual: [{leaky_relu: 1.0}]", doubled),
}


@pytest.mark.parametrize(("text", "by_hand"), ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("size", [(8, 6), (7, 5)], ids=str)
def test_equals_the_composition_by_hand(
    text: str, by_hand: Callable[[State, Array, bool], Array], training: bool, size: tuple[int, int]
) -> None:
    x = pictures(6, (*size, 4), np.float64)
    y, state = first_layer(text, x, training)
    np.testing.assert_allclose(y, by_hand(state, x, training), rtol=1e-10, atol=1e-10)


def test_a_block_inside_a_block() -> None:
    inner = "{residual: [{leaky_relu: 1.0}]}"  # x + x
    y, _ = first_layer(f"residual: [{inner}, {inner}]", x := pictures(3, (4, 4, 2), np.float64), True)
    np.testing.assert_allclose(y, 5 * x)


def test_a_block_of_rows() -> None:
    net = network(layers("flatten", "residual: [{dense: 48}]", "dense: classes"), (4, 4, 3), dtype=np.float64)
    x = pictures(3, (48,), np.float64)
    state = net.state()
    expected = x @ state["layers.1.layers.0.weight"] + state["layers.1.layers.0.bias"] + x
    np.testing.assert_allclose(net.layers[1](Tensor(x), TRAINING).array, expected, rtol=1e-12)
