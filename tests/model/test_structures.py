"""Branches, gates and convolutions by channel against compositions by hand; what stochastic depth depends on."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from models import INFERENCE, TRAINING, Array, described, faults, layers, network, pictures

from nettrain.arrays.windows import Window
from nettrain.autograd.tensor import Tensor
from nettrain.model.layer import Pass

SAME = Window((3, 3), padding="same")
END = ("global_avg_pool", "dense: classes")


def first_layer(text: str, x: Array, training: bool = True, **settings: str) -> tuple[Array, dict[str, Array]]:
    """What the first layer makes of ``x``, and the state that it did it with."""
    net = network(layers(text, *END, **settings), x.shape[1:], dtype=np.float64)
    return net.layers[0](Tensor(x), TRAINING if training else INFERENCE).array, net.state()


def test_branches_stand_side_by_side_in_their_order() -> None:
    x = pictures(3, (6, 5, 4), np.float64)
    three = "{conv2d: {filters: 2, kernel_size: 3, activation: relu}}"
    y, s = first_layer(f"parallel: [[], [{three}, tanh], [relu]]", x)
    conv = naive.conv(x, s["layers.0.branches.1.layers.0.weight"], SAME) + s["layers.0.branches.1.layers.0.bias"]
    expected = np.concatenate([x, np.tanh(naive.relu(conv)), naive.relu(x)], axis=3)
    np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_branches_are_added() -> None:
    x = pictures(3, (6, 5, 4), np.float64)
    y, s = first_layer("parallel: {branches: [[{conv2d: {filters: 4, kernel_size: 1}}], [], [tanh]], merge: add}", x)
    weight, bias = s["layers.0.branches.0.layers.0.weight"], s["layers.0.branches.0.layers.0.bias"]
    np.testing.assert_allclose(y, x @ weight[0, 0] + bias + x + np.tanh(x), rtol=1e-12)


def test_branches_without_any_layer_repeat_the_pictures() -> None:
    x = pictures(2, (3, 3, 2), np.float64)
    assert (first_layer("parallel: [[], []]", x)[0] == np.concatenate([x, x], axis=3)).all()
    assert (first_layer("parallel: {branches: [[], []], merge: add}", x)[0] == 2 * x).all()


def test_blocks_inside_branches_inside_blocks() -> None:
    x = pictures(2, (3, 3, 2), np.float64)
    inner = "{parallel: {branches: [[], [{residual: [{leaky_relu: 1.0}]}]], merge: add}}"  # x + 2 x
    np.testing.assert_allclose(first_layer(f"residual: [{inner}]", x)[0], 4 * x)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("parallel: [[]]", "layers.0.parallel.branches: expected at least two branches, got 1"),
        ("parallel: []", "layers.0.parallel.branches: expected at least two branches, got none"),
        (
            "squeeze_excite: {ratio: 2, reduced: 3}",
            "layers.0.squeeze_excite.ratio: has no effect beside reduced; give one of them",
        ),
        ("zero_padding2d: 0", "layers.0.zero_padding2d.padding: pads nothing; leave the layer out"),
        ("zero_padding2d: [1, [0, 0], 1]", "layers.0.zero_padding2d.padding: expected a list of 2, each"),
        (
            "depthwise_conv2d: {kernel_size: 1, dilation: 2}",
            "layers.0.depthwise_conv2d.dilation: has no effect where the window is one pixel long; leave it out",
        ),
    ],
)
def test_what_the_reader_refuses(text: str, line: str) -> None:
    (found,) = faults(layers(text, *END))
    assert found.partition(": ")[2].startswith(line)


def test_the_model_gives_activation_and_initialiser_to_layers_in_branches_but_not_to_logits() -> None:
    dense = "[[{dense: 4}, {dense: classes}], [{dense: classes}]]"
    net = described(layers("flatten", f"parallel: {{branches: {dense}, merge: add}}", activation="tanh", init="ones"))
    first, second = net.layers[1].branches  # type: ignore[attr-defined]
    assert [layer.activation is None for layer in (*first.layers, *second.layers)] == [False, True, True]
    assert {p.init.kind for name, p in net.parameters.items() if name.endswith("weight")} == {"ones"}
    assert faults(layers("squeeze_excite: 1", "flatten", "dense: {units: classes, init: zeros}", init="ones")) == []


def test_each_channel_has_filters_of_its_own_and_their_results_stand_together() -> None:
    x = pictures(3, (6, 5, 4), np.float64)
    y, s = first_layer("depthwise_conv2d: {kernel_size: 3, depth_multiplier: 2, activation: relu}", x)
    weight = s["layers.0.weight"]
    assert weight.shape == (3, 3, 1, 8)
    by_channel = [naive.conv(x[..., c : c + 1], weight[..., 2 * c : 2 * c + 2], SAME) for c in range(4)]
    np.testing.assert_allclose(y, naive.relu(np.concatenate(by_channel, axis=3) + s["layers.0.bias"]), rtol=1e-10)


def test_a_separable_convolution_is_both_in_a_row_with_nothing_between() -> None:
    x = pictures(3, (6, 5, 4), np.float64)
    y, s = first_layer("separable_conv2d: {filters: 3, kernel_size: 3, stride: 2, activation: tanh}", x)
    assert set(s) >= {"layers.0.depthwise.weight", "layers.0.pointwise.weight", "layers.0.pointwise.bias"}
    assert "layers.0.depthwise.bias" not in s
    space = naive.conv(x, s["layers.0.depthwise.weight"], Window((3, 3), (2, 2), padding="same"), groups=4)
    expected = np.tanh(space @ s["layers.0.pointwise.weight"][0, 0] + s["layers.0.pointwise.bias"])
    np.testing.assert_allclose(y, expected, rtol=1e-10)


@pytest.mark.parametrize("gate", ["sigmoid", "hard_sigmoid"])
def test_channels_are_weighed_by_the_mean_pixel(gate: str) -> None:
    x = pictures(3, (6, 5, 4), np.float64)
    y, s = first_layer(f"squeeze_excite: {{ratio: 2, gate: {gate}}}", x)
    weights = [s[f"layers.0.{name}"] for name in ("reduce.weight", "reduce.bias", "expand.weight", "expand.bias")]
    hidden = naive.relu(x.mean(axis=(1, 2)) @ weights[0] + weights[1])
    logits = hidden @ weights[2] + weights[3]
    by_gate = 1 / (1 + np.exp(-logits)) if gate == "sigmoid" else np.clip(logits / 6 + 0.5, 0, 1)
    np.testing.assert_allclose(y, x * by_gate[:, None, None, :], rtol=1e-10)


def dropped(text: str, now: Pass, n: int = 40) -> Array:
    """Which pictures came back unchanged, a block around layers that double what they get."""
    x = np.ones((n, 2, 2, 3))
    net = network(layers(text, *END), (2, 2, 3), dtype=np.float64)
    return net.layers[0](Tensor(x), now).array[:, 0, 0, 0] == 1


@pytest.mark.parametrize(
    "text",
    ["residual: {layers: [{leaky_relu: 1.0}], drop_path: 0.25}", "residual: [{leaky_relu: 1.0}, drop_path: 0.25]"],
)
def test_a_picture_goes_without_the_block_whatever_batch_it_comes_in(text: str) -> None:
    now = Pass(training=True, seed=3, epoch=2, step=5, start=10)
    whole = dropped(text, now)
    assert 2 <= whole.sum() <= 20
    later = dropped(text, Pass(training=True, seed=3, epoch=2, step=6, start=23), 27)
    assert (later == whole[13:]).all()
    for other in ({"seed": 4}, {"epoch": 3}, {"start": 50}):
        assert (dropped(text, Pass(**{"training": True, "seed": 3, "epoch": 2, "start": 10, **other})) != whole).any()
    assert not dropped(text, INFERENCE).any()


def test_pictures_that_stay_are_scaled_so_that_the_mean_is_right() -> None:
    net = network(layers("residual: {layers: [{leaky_relu: 1.0}], drop_path: 0.2}", *END), (2, 2, 3), dtype=np.float64)
    y = net.layers[0](Tensor(np.ones((4000, 2, 2, 3))), TRAINING).array
    assert set(np.unique(y)) == {1.0, 1 + 1 / 0.8}
    assert y.mean() == pytest.approx(2, abs=0.03)


def test_the_key_of_a_layer_in_a_branch_is_the_way_that_leads_there() -> None:
    (found,) = faults(layers("parallel: [[], [relu, {conv2d: {filters: 0, kernel_size: 3}}]]", *END))
    assert found == ("train.yaml:2:46: layers.0.parallel.branches.1.1.conv2d.filters: must be at least 1, got 0")
