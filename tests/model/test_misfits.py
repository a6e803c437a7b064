"""Networks that cannot be: the layer's key and the whole message, before any memory is taken."""

from __future__ import annotations

import pytest
from models import config, layers

from nettrain.autograd.tensor import Dim
from nettrain.model.network import CLASSES, ModelFault, build_network

CONV = "conv2d: {filters: 4, kernel_size: 3}"
LOST = "a bias under {} has no effect, because the norm takes the mean away; leave it out"
NO_PIXELS = " leaves no pixels of a 2x2 picture (2x2 with padding); expected a smaller window, stride or more padding"


@pytest.mark.parametrize(
    ("lines", "classes", "key", "message"),
    [
        (
            [CONV, "conv2d: {filters: 4, kernel_size: 7, stride: 1, padding: valid}"],
            CLASSES,
            "layers.1",
            "conv2d: a window of 7x7 leaves no pixels of a 6x6 picture (6x6 with padding);"
            " expected a smaller window, stride or more padding",
        ),
        (
            ["max_pool2d: 3", "max_pool2d: 3"],
            CLASSES,
            "layers.1",
            "max_pool2d: a window of 3x3" + NO_PIXELS,
        ),
        (
            ["max_pool2d: 3", "avg_pool2d: {pool_size: [2, 3], padding: 0}"],
            CLASSES,
            "layers.1",
            "avg_pool2d: a window of 2x3" + NO_PIXELS,
        ),
        (
            [CONV, "dense: classes"],
            CLASSES,
            "layers.1",
            "dense takes (C), but (6, 6, 4) arrives; put flatten or global_avg_pool before it",
        ),
        (
            ["flatten", CONV],
            CLASSES,
            "layers.1",
            "conv2d takes (H,W,C), but (108) arrives; a picture is no longer there",
        ),
        (
            ["flatten", "flatten"],
            CLASSES,
            "layers.1",
            "flatten takes (H,W,C) or (T,H,W,C) or (T,C), but (108) arrives; a picture is no longer there",
        ),
        (
            ["global_avg_pool", "global_avg_pool"],
            CLASSES,
            "layers.1",
            "global_avg_pool takes (H,W,C) or (T,H,W,C), but (3) arrives; a picture is no longer there",
        ),
        (
            ["flatten", "max_pool2d"],
            CLASSES,
            "layers.1",
            "max_pool2d takes (H,W,C), but (108) arrives; a picture is no longer there",
        ),
        (
            ["conv2d: {filters: 4, kernel_size: 3, groups: 2}"],
            CLASSES,
            "layers.0",
            "3 channels in do not divide into 2 groups",
        ),
        (
            [CONV],
            CLASSES,
            "layers.0",
            "the last layer gives (6, 6, 4) for a picture; expected (classes), as of dense: classes",
        ),
        (
            ["flatten", "dense: 7"],
            5,
            "layers.1.dense.units",
            "the last layer gives 7 outputs, but there are 5 classes; write 'classes'",
        ),
        (
            ["flatten", "dense: {units: 7}"],
            5,
            "layers.1.dense.units",
            "the last layer gives 7 outputs, but there are 5 classes; write 'classes'",
        ),
        (
            ["conv2d: {filters: 7, kernel_size: 1}", "global_avg_pool"],
            5,
            "layers.1",
            "the last layer gives 7 outputs, but there are 5 classes; write 'classes'",
        ),
        (
            ["global_avg_pool"],
            3,
            "layers.0",
            "no layer has weights, so nothing can be trained; expected a dense or conv2d layer",
        ),
        (
            ["residual: [{conv2d: {filters: 4, kernel_size: 3}}]"],
            CLASSES,
            "layers.0",
            "add: the shortcut has shape (N, 6, 6, 3), the block (N, 6, 6, 4); expected the same",
        ),
        (
            ["residual: {layers: [{conv2d: {filters: 4, kernel_size: 3, padding: valid}}], shortcut: conv1x1}"],
            CLASSES,
            "layers.0",
            "add: the shortcut has shape (N, 6, 6, 4), the block (N, 4, 4, 4); expected the same",
        ),
        (
            ["residual: {layers: [{conv2d: {filters: 2, kernel_size: 3}}], shortcut: pad}"],
            CLASSES,
            "layers.0",
            "option_a: x has 3 channels, which cannot be padded to 2; expected at least as many filters",
        ),
        (
            ["flatten", "residual: {layers: [{dense: 108}], shortcut: conv1x1}"],
            CLASSES,
            "layers.1",
            "a conv1x1 shortcut takes pictures (H, W, C); use identity for rows",
        ),
        (
            ["flatten", "residual: {layers: [{dense: 108}], shortcut: pad}"],
            CLASSES,
            "layers.1",
            "a pad shortcut takes pictures (H, W, C); use identity for rows",
        ),
        (
            [CONV, "group_norm"],
            CLASSES,
            "layers.1.group_norm.groups",
            "4 channels do not divide into 32 groups; expected a number that divides them, such as 4",
        ),
        (
            ["conv2d: {filters: 6, kernel_size: 3, norm: {group_norm: 4}}"],
            CLASSES,
            "layers.0.conv2d.norm.group_norm.groups",
            "6 channels do not divide into 4 groups; expected a number that divides them, such as 2",
        ),
        (
            ["conv2d: {filters: 6, kernel_size: 3, norm: {group_norm: 6}, bias: true}"],
            CLASSES,
            "layers.0.conv2d.bias",
            LOST.format("group_norm of one channel a group"),
        ),
        (
            ["separable_conv2d: {filters: 6, kernel_size: 3, norm: {group_norm: 6}, bias: true}"],
            CLASSES,
            "layers.0.separable_conv2d.bias",
            LOST.format("group_norm of one channel a group"),
        ),
        (
            [CONV, "conv2d: {filters: 6, kernel_size: 3, bias: true}", "group_norm: 6"],
            CLASSES,
            "layers.1.conv2d.bias",
            LOST.format("group_norm of one channel a group"),
        ),
        (
            ["conv2d: {filters: 4, kernel_size: 3, bias: true}", "batch_norm"],
            CLASSES,
            "layers.0.conv2d.bias",
            LOST.format("batch_norm"),
        ),
        (
            ["residual: [{depthwise_conv2d: {kernel_size: 3, bias: true, bias_init: ones}}, instance_norm]"],
            CLASSES,
            "layers.0.residual.layers.0.depthwise_conv2d.bias",
            LOST.format("instance_norm"),
        ),
        (
            ["flatten", "dense: {units: 4, bias_init: ones}", "batch_norm"],
            CLASSES,
            "layers.1.dense.bias_init",
            LOST.format("batch_norm"),
        ),
        (
            ["flatten", "dense: {units: 6, norm: {group_norm: 6}}"],
            CLASSES,
            "layers.1",
            "group_norm: one value a group, so the result would always be the bias",
        ),
        (
            ["flatten", "dense: {units: classes, norm: {group_norm: 5}}"],
            5,
            "layers.1",
            "group_norm: one value a group, so the result would always be the bias",
        ),
        (
            [CONV, "max_pool2d: 6", "instance_norm"],
            CLASSES,
            "layers.2",
            "instance_norm: one value a channel of a picture, so the result would always be the bias",
        ),
        (
            ["conv2d: {filters: 4, kernel_size: 6, padding: valid, norm: instance_norm}"],
            CLASSES,
            "layers.0",
            "instance_norm: one value a channel of a picture, so the result would always be the bias",
        ),
        (
            ["flatten", "instance_norm"],
            CLASSES,
            "layers.1",
            "instance_norm takes (H,W,C) or (T,H,W,C), but (108) arrives; a picture is no longer there",
        ),
        (
            ["flatten", "dense: {units: 6, norm: instance_norm}"],
            CLASSES,
            "layers.1",
            "instance_norm: x (N, 6) has 2 axes; expected x (N, H, W, C) or (N, T, H, W, C)",
        ),
        (
            ["flatten", "dense: {units: 1, norm: layer_norm}"],
            CLASSES,
            "layers.1",
            "layer_norm: one channel, so the result would always be the bias",
        ),
        (
            [CONV, "residual: {layers: [relu, {conv2d: {filters: 4, kernel_size: 9, padding: valid}}]}"],
            CLASSES,
            "layers.1.residual.layers.1",
            "conv2d: a window of 9x9 leaves no pixels of a 6x6 picture (6x6 with padding);"
            " expected a smaller window, stride or more padding",
        ),
        (
            ["parallel: [[], [{conv2d: {filters: 4, kernel_size: 3, stride: 2}}]]"],
            CLASSES,
            "layers.0.parallel.branches.1",
            "branch 1 gives (3, 3, 4), branch 0 (6, 6, 3); concat takes shapes that differ in channels only",
        ),
        (
            ["parallel: {branches: [[flatten], [max_pool2d: 2]]}"],
            CLASSES,
            "layers.0.parallel.branches.1",
            "branch 1 gives (3, 3, 3), branch 0 (108); concat takes shapes that differ in channels only",
        ),
        (
            ["parallel: {branches: [[], [], [{conv2d: {filters: 4, kernel_size: 3}}]], merge: add}"],
            CLASSES,
            "layers.0.parallel.branches.2",
            "branch 2 gives (6, 6, 4), branch 0 (6, 6, 3); add takes the same shape",
        ),
        (
            ["parallel: [[], [relu, {dense: 4}]]"],
            CLASSES,
            "layers.0.parallel.branches.1.1",
            "dense takes (C), but (6, 6, 3) arrives; put flatten or global_avg_pool before it",
        ),
        (
            ["flatten", "parallel: [[dense: classes], [dense: 4]]"],
            CLASSES,
            "layers.1",
            "concat: classes is not a number of channels yet; expected one that is known",
        ),
        (
            ["squeeze_excite: 4"],
            CLASSES,
            "layers.0.squeeze_excite.ratio",
            "3 channels divided by 4 leave no neuron; expected at most 3",
        ),
        (
            ["flatten", "depthwise_conv2d: 3"],
            CLASSES,
            "layers.1",
            "depthwise_conv2d takes (H,W,C), but (108) arrives; a picture is no longer there",
        ),
        (
            ["separable_conv2d: {filters: 4, kernel_size: 7, padding: valid}"],
            CLASSES,
            "layers.0",
            "a window of 7x7 leaves no pixels of a 6x6 picture (6x6 with padding);"
            " expected a smaller window, stride or more padding",
        ),
    ],
)
def test_a_fault_names_its_layer(lines: list[str], classes: Dim, key: str, message: str) -> None:
    settings = config(layers(*lines))
    with pytest.raises(ModelFault) as error:
        build_network(settings, (6, 6, 3), classes)
    assert (error.value.key, str(error.value)) == (key, message)


CONV3D = "conv3d: {filters: 4, kernel_size: 3}"


@pytest.mark.parametrize(
    ("lines", "shape", "key", "message"),
    [
        (
            [CONV],
            (5, 6, 6, 3),
            "layers.0",
            "conv2d takes (H,W,C), but (5, 6, 6, 3) arrives; put it into time_distributed,"
            " which runs it on every frame",
        ),
        (
            [CONV3D],
            (6, 6, 3),
            "layers.0",
            "conv3d takes (T,H,W,C), but (6, 6, 3) arrives; these are pictures;"
            " set data.image.frames to train on clips",
        ),
        (
            ["time_avg_pool", "time_avg_pool"],
            (5, 6, 6, 3),
            "layers.1",
            "time_avg_pool takes (T,H,W,C) or (T,C), but (6, 6, 3) arrives; these are pictures;"
            " set data.image.frames to train on clips",
        ),
        (
            [CONV3D, "dense: classes"],
            (5, 6, 6, 3),
            "layers.1",
            "dense takes (C), but (5, 6, 6, 4) arrives; put flatten or global_avg_pool before it,"
            " or it into time_distributed",
        ),
        (
            ["time_distributed: [global_avg_pool]", "dense: classes"],
            (5, 6, 6, 3),
            "layers.1",
            "dense takes (C), but (5, 3) arrives; put time_avg_pool, time_max_pool or flatten before it",
        ),
        (
            ["time_distributed: [global_avg_pool]", CONV],
            (5, 6, 6, 3),
            "layers.1",
            "conv2d takes (H,W,C), but (5, 3) arrives; a picture is no longer there",
        ),
        (
            [f"time_distributed: [{{{CONV}}}]"],
            (6, 6, 3),
            "layers.0",
            "time_distributed takes (T,H,W,C) or (T,C), but (6, 6, 3) arrives; set data.image.frames to train on clips",
        ),
        (
            ["flatten", "time_distributed: [relu]"],
            (5, 6, 6, 3),
            "layers.1",
            "time_distributed takes (T,H,W,C) or (T,C), but (540) arrives; there are no frames any more",
        ),
        (
            ["time_distributed: [relu, {dense: 4}]"],
            (5, 6, 6, 3),
            "layers.0.time_distributed.layers.1",
            "dense takes (C), but (6, 6, 3) arrives; put flatten or global_avg_pool before it",
        ),
        (
            ["conv3d: {filters: 4, kernel_size: 3, groups: 2}"],
            (5, 6, 6, 3),
            "layers.0",
            "3 channels in do not divide into 2 groups",
        ),
        (
            ["max_pool3d", "max_pool3d: [3, 1, 1]"],
            (5, 6, 6, 3),
            "layers.1",
            "max_pool3d: a window of 3x1x1 leaves nothing of a clip of 2x3x3 (2x3x3 with padding), frames first;"
            " expected a smaller window, stride or more padding",
        ),
        (
            [f"residual: {{layers: [{{{CONV3D}}}], shortcut: pad}}"],
            (5, 6, 6, 3),
            "layers.0",
            "a pad shortcut takes pictures (H, W, C); use identity or conv1x1 for clips",
        ),
        (
            [CONV3D],
            (5, 6, 6, 3),
            "layers.0",
            "the last layer gives (5, 6, 6, 4) for a picture; expected (classes), as of dense: classes",
        ),
    ],
)
def test_a_fault_about_clips_names_its_layer(lines: list[str], shape: tuple[int, ...], key: str, message: str) -> None:
    settings = config(layers(*lines))
    with pytest.raises(ModelFault) as error:
        build_network(settings, shape)
    assert (error.value.key, str(error.value)) == (key, message)


@pytest.mark.parametrize(
    "lines",
    [
        ["flatten", "dense: 5"],
        ["conv2d: {filters: 5, kernel_size: 1}", "global_avg_pool"],
        ["flatten", "dense: classes", "relu"],
    ],
)
def test_as_many_outputs_as_classes_are_right_however_written(lines: list[str]) -> None:
    assert build_network(config(layers(*lines)), (6, 6, 3), 5).shapes[-1] == (5,)


@pytest.mark.parametrize(
    "lines",
    [
        ["conv2d: {filters: 6, kernel_size: 3, norm: {group_norm: 3}, bias: true}"],
        ["conv2d: {filters: 6, kernel_size: 3, bias: true}", "group_norm: 3"],
        ["conv2d: {filters: 6, kernel_size: 3, bias: true, activation: relu}", "batch_norm"],
        ["conv2d: {filters: 6, kernel_size: 3, bias: true}", "relu", "batch_norm"],
        ["conv2d: {filters: 6, kernel_size: 3, bias: true}", "layer_norm"],
        ["conv2d: {filters: 6, kernel_size: 3}", "batch_norm"],  # a bias that nobody asked for
        ["conv2d: {filters: 6, kernel_size: 3, bias: false}", "batch_norm"],
    ],
)
def test_a_bias_that_a_norm_leaves_or_that_nobody_asked_for_is_allowed(lines: list[str]) -> None:
    build_network(config(layers(*lines, "global_avg_pool", "dense: classes")), (6, 6, 3), 5)


def test_a_bias_under_the_activation_of_the_model_has_an_effect() -> None:
    text = layers("conv2d: {filters: 6, kernel_size: 3, bias: true}", "batch_norm", "flatten", "dense: classes")
    build_network(config(f"activation: relu\n{text}"), (6, 6, 3), 5)
