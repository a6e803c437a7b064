"""Every row of the table of layers: built from a config, its shape known before there is an array, and right."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pytest
from models import INFERENCE, TRAINING, described, layers, network, pictures, recorded

from nettrain.autograd.tensor import Shape, Tensor
from nettrain.model.activations import ACTIVATION_LAYERS
from nettrain.model.kinds import LAYER_ALIASES, LAYERS, TABLES
from nettrain.model.norms import BY_CHANNEL, NORM_ALIASES, NORMS
from nettrain.ops.activations import ACTIVATION_ALIASES, ACTIVATIONS

PICTURE = (9, 7, 4)
CLIP = (5, 9, 7, 4)


@dataclass(frozen=True)
class Row:
    """A layer as it is written, and the shape that it makes of a 9x7 picture with 4 channels, or of 5 such frames."""

    text: str
    shape: Shape
    arrives: tuple[int, ...] = PICTURE


ROWS = [
    Row("dense: 6", (6,)),
    Row("dense: classes", (5,)),
    Row("dense: {units: 6, norm: batch_norm, activation: gelu}", (6,)),
    Row("dense: {units: 6, bias: false, init: lecun_uniform}", (6,)),
    Row("dense: {units: 6, activation: {prelu: 0.1}}", (6,)),
    Row("conv2d: {filters: 6, kernel_size: 3}", (9, 7, 6)),
    Row("conv2d: {filters: 6, kernel_size: [1, 3], stride: [2, 1], padding: valid}", (5, 5, 6)),
    Row("conv2d: {filters: 6, kernel_size: 3, stride: 2, norm: batch_norm, activation: relu}", (5, 4, 6)),
    Row("conv2d: {filters: 6, kernel_size: 3, stride: 2, padding: keras_same}", (5, 4, 6)),
    Row("conv2d: {filters: 6, kernel_size: 3, dilation: 2, padding: 1}", (7, 5, 6)),
    Row("conv2d: {filters: 6, kernel_size: 3, groups: 2}", (9, 7, 6)),
    Row("conv2d: {filters: 8, kernel_size: 3, groups: 4, bias_init: {normal: 0.1}}", (9, 7, 8)),
    Row("depthwise_conv2d: 3", PICTURE),
    Row("depthwise_conv2d: {kernel_size: [3, 1], stride: 2, depth_multiplier: 2, norm: batch_norm}", (5, 4, 8)),
    Row("separable_conv2d: {filters: 6, kernel_size: 3}", (9, 7, 6)),
    Row("separable_conv2d: {filters: 6, kernel_size: 3, stride: 2, padding: valid, depth_multiplier: 2}", (4, 3, 6)),
    Row("max_pool2d", (4, 3, 4)),
    Row("max_pool2d: 3", (3, 2, 4)),
    Row("max_pool2d: {pool_size: 3, stride: 2, padding: 1}", (5, 4, 4)),
    Row("max_pool2d: {pool_size: [2, 1], padding: same}", (5, 7, 4)),
    Row("avg_pool2d: {pool_size: 2, stride: 1}", (8, 6, 4)),
    Row("global_avg_pool", (4,)),
    Row("global_max_pool", (4,)),
    Row("zero_padding2d", (11, 9, 4)),
    Row("zero_padding2d: [0, 2]", (9, 11, 4)),
    Row("zero_padding2d: [[0, 1], [2, 3]]", (10, 12, 4)),
    Row("flatten", (252,)),
    Row("dropout: 0.2", PICTURE),
    Row("batch_norm", PICTURE),
    Row("batch_norm: {momentum: 0.01, epsilon: 1e-3}", PICTURE),
    Row("layer_norm", PICTURE),
    Row("layer_norm: {epsilon: 1e-3}", PICTURE),
    Row("group_norm: 2", PICTURE),
    Row("group_norm: {groups: 4, epsilon: 1e-3}", PICTURE),
    Row("instance_norm", PICTURE),
    Row("conv2d: {filters: 6, kernel_size: 3, norm: {group_norm: 3}, activation: elu}", (9, 7, 6)),
    Row("conv2d: {filters: 6, kernel_size: 3, norm: instance_norm}", (9, 7, 6)),
    Row("conv2d: {filters: 6, kernel_size: 3, norm: layer_norm, bias: true}", (9, 7, 6)),
    Row("dense: {units: 6, norm: layer_norm, activation: gelu_tanh}", (6,)),
    Row("dense: {units: 6, norm: {group_norm: {groups: 2}}}", (6,)),
    Row("residual: [{conv2d: {filters: 4, kernel_size: 3}}]", PICTURE),
    Row("residual: {layers: [{conv2d: {filters: 6, kernel_size: 3, stride: 2}}], shortcut: conv1x1}", (5, 4, 6)),
    Row("residual: {layers: [{conv2d: {filters: 6, kernel_size: 3, stride: 2}}], shortcut: pad}", (5, 4, 6)),
    Row("residual: {layers: [relu, dropout: 0.1], activation: tanh}", PICTURE),
    Row("residual: {layers: [relu, dropout: 0.1], activation: prelu}", PICTURE),
    Row("residual: [{depthwise_conv2d: 3}, drop_path: 0.1]", PICTURE),
    Row("residual: {layers: [{separable_conv2d: {filters: 4, kernel_size: 3}}], drop_path: 0.1}", PICTURE),
    Row("parallel: [[], [{conv2d: {filters: 6, kernel_size: 3}}, relu]]", (9, 7, 10)),
    Row("parallel: {branches: [[max_pool2d: 2], [avg_pool2d: 2], [max_pool2d: 2]], merge: add}", (4, 3, 4)),
    Row("parallel: [[global_avg_pool], [global_max_pool]]", (8,)),
    Row("squeeze_excite: 2", PICTURE),
    Row("squeeze_excite: {reduced: 3, activation: prelu, gate: hard_sigmoid, init: glorot_uniform}", PICTURE),
    Row("relu", PICTURE),
    Row("leaky_relu: 0.1", PICTURE),
    Row("elu", PICTURE),
    Row("elu: {alpha: 0.5}", PICTURE),
    Row("selu", PICTURE),
    Row("prelu", PICTURE),
    Row("prelu: 0.1", PICTURE),
    Row("gelu", PICTURE),
    Row("gelu_tanh", PICTURE),
    Row("silu", PICTURE),
    Row("mish", PICTURE),
    Row("softplus", PICTURE),
    Row("hard_swish", PICTURE),
    Row("hard_sigmoid", PICTURE),
    Row("softmax", PICTURE),
    Row("sigmoid", PICTURE),
    Row("tanh", PICTURE),
    Row("conv3d: {filters: 6, kernel_size: 3}", (5, 9, 7, 6), CLIP),
    Row("conv3d: {filters: 6, kernel_size: [1, 3, 3], stride: [1, 2, 2], norm: batch_norm}", (5, 5, 4, 6), CLIP),
    Row("conv3d: {filters: 6, kernel_size: [3, 1, 1], padding: valid, dilation: [2, 1, 1]}", (1, 9, 7, 6), CLIP),
    Row("conv3d: {filters: 6, kernel_size: 3, stride: 2, padding: keras_same, groups: 2}", (3, 5, 4, 6), CLIP),
    Row("conv3d: {filters: 6, kernel_size: 3, norm: {group_norm: 3}, activation: gelu}", (5, 9, 7, 6), CLIP),
    Row("conv3d: {filters: 6, kernel_size: 3, norm: instance_norm, activation: prelu}", (5, 9, 7, 6), CLIP),
    Row("conv3d: {filters: 6, kernel_size: 3, norm: layer_norm}", (5, 9, 7, 6), CLIP),
    Row("max_pool3d", (2, 4, 3, 4), CLIP),
    Row("max_pool3d: [1, 2, 2]", (5, 4, 3, 4), CLIP),
    Row("max_pool3d: {pool_size: 3, stride: [1, 2, 2], padding: 1}", (5, 5, 4, 4), CLIP),
    Row("avg_pool3d: {pool_size: [2, 3, 3], stride: 1, padding: same}", CLIP, CLIP),
    Row("global_avg_pool", (4,), CLIP),
    Row("global_max_pool", (4,), CLIP),
    Row("time_avg_pool", PICTURE, CLIP),
    Row("time_max_pool", PICTURE, CLIP),
    Row("flatten", (1260,), CLIP),
    Row("dropout: 0.2", CLIP, CLIP),
    Row("batch_norm", CLIP, CLIP),
    Row("instance_norm", CLIP, CLIP),
    Row("relu", CLIP, CLIP),
    Row(
        "residual: {layers: [{conv3d: {filters: 6, kernel_size: 3, stride: 2}}], shortcut: conv1x1}", (3, 5, 4, 6), CLIP
    ),
    Row("residual: {layers: [{conv3d: {filters: 4, kernel_size: 3}}, drop_path: 0.1], activation: tanh}", CLIP, CLIP),
    Row("parallel: [[], [{conv3d: {filters: 6, kernel_size: 3}}, relu]]", (5, 9, 7, 10), CLIP),
    Row("time_distributed: [{conv2d: {filters: 6, kernel_size: 3, stride: 2}}, relu]", (5, 5, 4, 6), CLIP),
    Row("time_distributed: {layers: [max_pool2d, batch_norm, global_avg_pool, {dense: 3}]}", (5, 3), CLIP),
    Row("time_distributed: [flatten, dropout: 0.1, dense: classes]", (5, 5), CLIP),
    Row("time_distributed: [{residual: [{conv2d: {filters: 4, kernel_size: 3}}]}, {squeeze_excite: 2}]", CLIP, CLIP),
]


def kind(row: Row) -> str:
    return row.text.partition(":")[0]


def whole(row: Row) -> str:
    """The layer in a network that ends in one output a class."""
    before = ["flatten"] if kind(row) == "dense" else []
    after = ["flatten"] if len(row.shape) > 1 else []
    return layers(*before, row.text, *after, "dense: classes")


def layer_place(row: Row) -> int:
    return 1 if kind(row) == "dense" else 0


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.text} of {len(row.arrives)}" for row in ROWS])
@pytest.mark.parametrize("now", [TRAINING, INFERENCE], ids=["training", "inference"])
def test_the_dry_run_knows_the_shape(row: Row, now: object) -> None:
    place = layer_place(row)
    assert described(whole(row), row.arrives).shapes[place] == row.shape
    net = network(whole(row), row.arrives)
    x = pictures(3, (252,) if place else row.arrives)
    for tensor in (recorded(x), Tensor(x)):
        y = net.layers[place](tensor, now).array  # type: ignore[arg-type]
        assert y.shape == (3, *row.shape)
        assert y.dtype == np.float32
        assert np.isfinite(y).all()
        out = net(Tensor(pictures(3, row.arrives)), now).array  # type: ignore[arg-type]
        assert out.shape == (3, 5)


def test_every_layer_has_a_row() -> None:
    assert set(LAYERS) <= {word for row in ROWS for word in re.findall(r"\w+", row.text)}


@pytest.mark.parametrize(
    ("aliases", "rows"),
    [(LAYER_ALIASES, LAYERS), (NORM_ALIASES, NORMS), (ACTIVATION_ALIASES, ACTIVATION_LAYERS)],
    ids=["layers", "norms", "activations"],
)
def test_aliases_lead_to_rows_and_hide_none(aliases: dict[str, str], rows: dict[str, object]) -> None:
    assert set(aliases.values()) <= set(rows)
    assert not set(aliases) & set(rows)


def test_every_norm_is_a_layer_too() -> None:
    assert set(NORMS) - {"none"} <= set(LAYERS)
    assert set(BY_CHANNEL) <= set(NORMS)


def test_every_activation_is_a_layer_too() -> None:
    assert set(ACTIVATION_LAYERS) - {"none"} <= set(LAYERS)
    assert set(ACTIVATIONS) < set(ACTIVATION_LAYERS)
    assert set(TABLES) == {"layers", "norms", "activations", "initialisers"}


@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm", "{group_norm: 3}", "instance_norm"])
def test_a_norm_as_layer_and_as_setting_is_the_same(norm: str) -> None:
    conv = "conv2d: {filters: 6, kernel_size: 3, bias: false"
    apart = network(layers(conv + "}", norm.strip("{}"), "flatten", "dense: classes"))
    joined = network(layers(f"{conv}, norm: {norm}}}", "flatten", "dense: classes"))
    for name, array in apart.state().items():
        joined.state()[name.replace("layers.1", "layers.0.norm").replace("layers.3", "layers.2")][...] = array
    x = pictures(5)
    assert (apart(Tensor(x), INFERENCE).array == joined(Tensor(x), INFERENCE).array).all()


@pytest.mark.parametrize("kind", [kind for kind, row in ACTIVATION_LAYERS.items() if row[1] is not None])
def test_an_activation_as_layer_and_as_setting_is_the_same(kind: str) -> None:
    apart = network(layers("conv2d: {filters: 6, kernel_size: 3}", kind, "flatten", "dense: classes"))
    joined = network(layers(f"conv2d: {{filters: 6, kernel_size: 3, activation: {kind}}}", "flatten", "dense: classes"))
    for name, array in apart.state().items():
        joined.state()[name.replace("layers.1", "layers.0.activation").replace("layers.3", "layers.2")][...] = array
    x = pictures(5)
    assert (apart(Tensor(x), INFERENCE).array == joined(Tensor(x), INFERENCE).array).all()
