"""The network: names, what layers inherit from the model, first values, and what a description costs."""

from __future__ import annotations

import numpy as np
import pytest
from models import INFERENCE, TRAINING, config, described, faults, layers, network, pictures, recorded

from nettrain.autograd.backward import backward
from nettrain.autograd.op import NonFinite
from nettrain.autograd.tensor import Graph, Spec, Tensor
from nettrain.model.layers.linear_map import LinearMap
from nettrain.model.network import CLASSES, build_network
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.mean import mean

CONV = "conv2d: {filters: 4, kernel_size: 3}"
BLOCK = """residual:
      layers:
        - conv2d: {filters: 6, kernel_size: 3, stride: 2, norm: batch_norm}
        - conv2d: {filters: 6, kernel_size: 3, norm: batch_norm, activation: none}
      shortcut: conv1x1
      activation: relu"""
END = ("global_avg_pool", "dense: classes")


def test_names_are_the_way_that_leads_there() -> None:
    net = described(layers(CONV, BLOCK, "batch_norm", *END))
    assert {name: tensor.shape for name, tensor in net.parameters.items()} == {
        "layers.0.weight": (3, 3, 3, 4),
        "layers.0.bias": (4,),
        "layers.1.layers.0.weight": (3, 3, 4, 6),
        "layers.1.layers.0.norm.weight": (6,),
        "layers.1.layers.0.norm.bias": (6,),
        "layers.1.layers.1.weight": (3, 3, 6, 6),
        "layers.1.layers.1.norm.weight": (6,),
        "layers.1.layers.1.norm.bias": (6,),
        "layers.1.shortcut.weight": (1, 1, 4, 6),
        "layers.1.shortcut.norm.weight": (6,),
        "layers.1.shortcut.norm.bias": (6,),
        "layers.2.weight": (6,),
        "layers.2.bias": (6,),
        "layers.4.weight": (6, 5),
        "layers.4.bias": (5,),
    }
    norms = ["layers.1.layers.0.norm", "layers.1.layers.1.norm", "layers.1.shortcut.norm", "layers.2"]
    assert list(net.buffers) == [f"{norm}.{name}" for norm in norms for name in ("running_mean", "running_var")]
    assert all(tensor.name == name for name, tensor in (net.parameters | net.buffers).items())
    assert net.parameter_count == sum(np.prod(p.shape, dtype=int) for p in net.parameters.values())
    assert net.kinds == ["conv2d", "residual", "batch_norm", "global_avg_pool", "dense"]
    assert net.shapes == [(8, 8, 4), (4, 4, 6), (4, 4, 6), (6,), (5,)]


def test_a_description_takes_no_memory_and_no_data() -> None:
    net = described(layers("flatten", "dense: 2000000000", "dense: classes"), (4096, 4096, 3), CLASSES)
    assert net.shapes == [(50331648,), (2000000000,), ("classes",)]
    assert net(Tensor(Spec(("N", 4096, 4096, 3))), INFERENCE).shape == ("N", "classes")


@pytest.mark.parametrize("classes", [2, 10])
def test_units_may_be_the_classes(classes: int) -> None:
    net = described(layers("flatten", "dense: classes", "dense: classes"), classes=classes)
    assert net.shapes[1:] == [(classes,), (classes,)]
    assert net.parameters["layers.2.weight"].shape == (classes, classes)


def inherited(text: str) -> dict[str, tuple[str | None, str]]:
    """For each linear map its activation and its initialiser."""
    net = described(text)
    found = {}

    def look(layer: object) -> None:
        if isinstance(layer, LinearMap):
            part = None if layer.activation is None else layer.activation.part(TRAINING)
            found[layer.name] = (None if part is None else part.name, layer.weight.init.kind)
        for _, child in layer.children():  # type: ignore[attr-defined]
            look(child)

    look(net)
    return found


def test_layers_inherit_activation_and_initialiser() -> None:
    named = "conv2d: {filters: 4, kernel_size: 3, activation: tanh, init: zeros}"
    none = "conv2d: {filters: 4, kernel_size: 3, activation: none}"
    inside = "residual: [{conv2d: {filters: 4, kernel_size: 3}}, {conv2d: {filters: 4, kernel_size: 3}}]"
    text = layers(
        CONV,
        named,
        none,
        inside,
        "global_avg_pool",
        "dense: 7",
        "dense: classes",
        activation="gelu",
        init="glorot_uniform",
    )
    assert inherited(text) == {
        "layers.0": ("gelu", "glorot_uniform"),
        "layers.1": ("tanh", "zeros"),
        "layers.2": (None, "glorot_uniform"),
        "layers.3.layers.0": ("gelu", "glorot_uniform"),
        "layers.3.layers.1": ("gelu", "glorot_uniform"),  # the last of a block is not the last of all
        "layers.5": ("gelu", "glorot_uniform"),
        "layers.6": (None, "glorot_uniform"),  # the last of all gives logits
    }


def test_a_conv1x1_shortcut_has_norm_and_initialiser_of_the_last_conv_and_no_activation() -> None:
    last = "conv2d: {filters: 6, kernel_size: 3, norm: batch_norm, init: lecun_normal}"
    text = layers(
        f"residual: {{layers: [{CONV}, {last}], shortcut: conv1x1}}", *END, activation="relu", init="he_uniform"
    )
    assert inherited(text)["layers.0.shortcut"] == (None, "lecun_normal")
    net = described(text)
    assert "layers.0.shortcut.norm.weight" in net.parameters
    assert "layers.0.shortcut.bias" not in net.parameters


def test_a_conv_that_gives_the_logits_gets_no_activation_though_pooling_follows_it() -> None:
    text = layers(CONV, "conv2d: {filters: 5, kernel_size: 1}", "global_avg_pool", activation="relu")
    assert inherited(text) == {"layers.0": ("relu", "he_normal"), "layers.1": (None, "he_normal")}


def test_without_a_word_there_is_no_activation_and_he_normal() -> None:
    assert inherited(layers(CONV, *END)) == {"layers.0": (None, "he_normal"), "layers.2": (None, "he_normal")}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("layers: []", ["train.yaml:1:1: layers: expected at least one layer, got none"]),
        (
            layers("flatten", "dense: classes", activation="relu"),
            [
                "train.yaml:1:13: activation: has no effect: each layer that could take it names its own or gives "
                "the logits; leave it out"
            ],
        ),
        (
            layers("conv2d: {filters: 5, kernel_size: 3, groups: 2}"),
            ["train.yaml:2:50: layers.0.conv2d.groups: 5 filters do not divide into 2 groups"],
        ),
        (
            layers("conv2d: {filters: 4, kernel_size: 3, norm: batch_norm, bias: true}"),
            [
                "train.yaml:2:66: layers.0.conv2d.bias: a bias under batch_norm has no effect, because the norm takes "
                "the mean away; leave it out"
            ],
        ),
        (
            layers("conv2d: {filters: 4, kernel_size: 3, norm: {group_norm: {groups: 0}}}"),
            ["train.yaml:2:70: layers.0.conv2d.norm.group_norm.groups: must be at least 1, got 0"],
        ),
        (
            layers("conv2d: {filters: 4, kernel_size: 3, norm: instance_norm, bias: true}"),
            [
                "train.yaml:2:69: layers.0.conv2d.bias: a bias under instance_norm has no effect, because the norm "
                "takes the mean away; leave it out"
            ],
        ),
        (
            layers("dense: {units: 4, bias: false, bias_init: ones}"),
            ["train.yaml:2:47: layers.0.dense.bias_init: has no effect on a layer without a bias; leave it out"],
        ),
        (
            layers("residual: []"),
            ["train.yaml:2:15: layers.0.residual.layers: expected at least one layer, got none"],
        ),
        (
            layers("max_pool2d: {pool_size: [3, 2], padding: 2}"),
            ["train.yaml:2:46: layers.0.max_pool2d.padding: must be below 2, or a window sees only padding, got 2"],
        ),
        (
            layers("conv2d: {filters: 4, kernel_size: 3, padding: 3}"),
            ["train.yaml:2:51: layers.0.conv2d.padding: must be below 3, or a window sees only padding, got 3"],
        ),
        (
            layers("conv2d: {filters: 4, kernel_size: 1, dilation: 2}"),
            [
                "train.yaml:2:52: layers.0.conv2d.dilation: has no effect where the window is one pixel long; "
                "leave it out"
            ],
        ),
        (
            layers("conv2d: {filters: 4, kernel_size: 3, dilation: 1000000000}"),
            ["train.yaml:2:52: layers.0.conv2d.dilation: must be at least 1 and at most 4096, got 1000000000"],
        ),
        (layers("dropout: 1"), ["train.yaml:2:14: layers.0.dropout.rate: must be at least 0 and below 1, got 1"]),
    ],
)
def test_what_the_reader_refuses(text: str, lines: list[str]) -> None:
    assert faults(text) == lines


def test_first_values_are_a_pure_function_of_seed_and_name() -> None:
    def values(text: str, seed: int, dtype: type = np.float32) -> dict[str, np.ndarray]:
        net = described(text)
        net.materialise(seed, dtype)
        return net.state()

    first = values(layers(CONV, *END), 1)
    again = values(layers(CONV, *END), 1)
    assert {n: a.tobytes() for n, a in first.items()} == {n: a.tobytes() for n, a in again.items()}
    longer = values(layers(CONV, BLOCK, "conv2d: {filters: 4, kernel_size: 3, norm: batch_norm}", *END), 1)
    assert longer["layers.0.weight"].tobytes() == first["layers.0.weight"].tobytes()
    assert values(layers(CONV, *END), 2)["layers.0.weight"].tobytes() != first["layers.0.weight"].tobytes()
    exact = values(layers(CONV, *END), 1, np.float64)["layers.0.weight"]
    assert exact.astype(np.float32).tobytes() == first["layers.0.weight"].tobytes()
    assert not first["layers.0.bias"].any()
    assert (longer["layers.1.layers.0.norm.weight"] == 1).all()
    assert (longer["layers.1.layers.0.norm.running_var"] == 1).all()
    assert not longer["layers.1.layers.0.norm.running_mean"].any()


def test_a_bias_under_a_norm_of_several_channels_has_an_effect_and_is_there_if_asked_for() -> None:
    conv = "conv2d: {{filters: 4, kernel_size: 3, norm: {}, bias: true}}"
    for norm in ("layer_norm", "{group_norm: 2}"):
        assert list(described(layers(conv.format(norm), *END)).parameters)[:4] == [
            "layers.0.weight",
            "layers.0.bias",
            "layers.0.norm.weight",
            "layers.0.norm.bias",
        ]
        without = described(layers(conv.format(norm).replace(", bias: true", ""), *END))
        assert "layers.0.bias" not in without.parameters


def test_a_learnt_activation_has_its_name_and_first_value() -> None:
    net = described(layers("conv2d: {filters: 4, kernel_size: 3, activation: prelu}", "prelu: 0.1", *END))
    net.materialise(1)
    assert net.state()["layers.0.activation.weight"].tolist() == [0.25] * 4
    np.testing.assert_allclose(net.state()["layers.1.weight"], [0.1] * 4, rtol=1e-6)


def test_parameters_are_views_of_flat_memory() -> None:
    net = described(layers(CONV, *END))
    flat = net.materialise(1)
    flat.array[:] = np.arange(len(flat.array))
    assert net.state()["layers.0.weight"].ravel().tolist() == list(range(108))
    assert all(np.shares_memory(p.array, flat.array) for p in net.parameters.values())
    assert list(flat.views) == list(net.parameters)


def test_a_network_can_be_described_twice_from_one_config() -> None:
    settings = config(layers(CONV, BLOCK, *END))
    one, two = (build_network(settings, (8, 8, 3), classes) for classes in (3, 4))
    assert (one.shapes[-1], two.shapes[-1]) == ((3,), (4,))
    assert not {id(p) for p in one.parameters.values()} & {id(p) for p in two.parameters.values()}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("layers.0.weight", "layers.0: the output of conv2d is not finite"),
        ("layers.1.layers.1.weight", "layers.1.layers.1: the output of conv2d is not finite"),
        ("layers.1.shortcut.weight", "layers.1.shortcut: the output of conv2d is not finite"),
        ("layers.3.weight", "layers.3: the output of linear is not finite"),
    ],
)
def test_a_checked_pass_names_the_layer(name: str, message: str) -> None:
    net = network(layers(CONV, BLOCK, *END))
    net.state()[name][..., 0] = np.nan
    with pytest.raises(NonFinite) as error:
        net(Graph(checked=True).input(pictures(3)), TRAINING)
    assert str(error.value) == message


def test_a_loss_belongs_to_no_layer() -> None:
    net = network(layers("flatten", "dense: classes"))
    y = net(Graph(checked=True).input(pictures(3)), TRAINING)
    y.array[1] = np.nan
    with pytest.raises(NonFinite) as error:
        cross_entropy(y, labels=np.arange(3))
    assert str(error.value) == "cross_entropy: the output of cross_entropy is not finite"


def test_dropout_does_nothing_at_inference_and_needs_no_graph() -> None:
    net = network(layers("dropout: 0.5", "flatten", "dense: classes"))
    without = network(layers("relu", "flatten", "dense: classes"))
    x = np.abs(pictures(3))
    assert (net(Tensor(x), INFERENCE).array == without(Tensor(x), INFERENCE).array).all()


def test_every_parameter_gets_a_gradient() -> None:
    net = network(layers(CONV, BLOCK, "dropout: 0.3", "batch_norm", *END))
    loss = mean(cross_entropy(net(recorded(pictures(9)), TRAINING), labels=np.arange(9) % 5))
    gradients = backward(loss)
    assert {leaf.name: gradient.shape for leaf, gradient in gradients.items()} == {
        name: parameter.shape for name, parameter in net.parameters.items()
    }
