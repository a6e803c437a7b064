"""Shapes that do not fit: the whole message of every operation and part, in a dry run and with arrays alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Shape, Spec, Tensor
from nettrain.ops.add import Add
from nettrain.ops.average_pool import AveragePool
from nettrain.ops.average_pool3d import AveragePool3d
from nettrain.ops.batch_norm import BatchNorm
from nettrain.ops.bias import Bias
from nettrain.ops.binary_cross_entropy import binary_cross_entropy
from nettrain.ops.channel_gate import channel_gate
from nettrain.ops.concat import Concat
from nettrain.ops.conv2d import conv2d
from nettrain.ops.conv3d import conv3d
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.flatten import flatten
from nettrain.ops.focal import focal
from nettrain.ops.frames import frames_together
from nettrain.ops.global_average_pool import GlobalAveragePool, TimeAveragePool
from nettrain.ops.global_max_pool import GlobalMaxPool, TimeMaxPool
from nettrain.ops.group_norm import GroupNorm
from nettrain.ops.layer_norm import LayerNorm
from nettrain.ops.linear import linear
from nettrain.ops.max_pool import MaxPool
from nettrain.ops.max_pool3d import MaxPool3d
from nettrain.ops.mean import mean
from nettrain.ops.mse import mse
from nettrain.ops.option_a import option_a
from nettrain.ops.prelu import Prelu
from nettrain.ops.softmax import softmax
from nettrain.ops.through import through
from nettrain.ops.weighted import weighted
from nettrain.ops.zero_pad import ZeroPad

Make = Callable[[Shape], Tensor]
THREE = Window((3, 3))
CUBE = ClipWindow((3, 3, 3))


def with_parts(make: Make, shape: Shape, *parts: Part) -> Tensor:
    return through(make(shape), epilogue=parts)


def norm(make: Make, **shapes: Shape) -> BatchNorm:
    fitting = {name: make((3,)) for name in ("weight", "bias", "running_mean", "running_var")}
    t = {**fitting, **{name: make(shape) for name, shape in shapes.items()}}
    running = t["running_mean"], t["running_var"]
    return BatchNorm(t["weight"], t["bias"], running, momentum=0.1, epsilon=1e-5, training=True)


MISFITS: list[tuple[Callable[[Make], Tensor], str]] = [
    (
        lambda t: linear(t((2, 3)), t((5, 2))),
        "linear: weight (5, 2) has C=5, but x has C=3; expected weight (C, K)",
    ),
    (
        lambda t: linear(t((2, 4, 4, 3)), t((48, 2))),
        "linear: x (2, 4, 4, 3) has 4 axes; expected x (N, C)",
    ),
    (
        lambda t: linear(t((2, 3)), t((3,))),
        "linear: weight (3) has 1 axis; expected weight (C, K)",
    ),
    (
        lambda t: linear(t((2, 3)), t((3, 4)), epilogue=[Bias(t((5,)))]),
        "bias: bias (5) does not fit (2, 4); expected bias (4)",
    ),
    (
        lambda t: conv2d(t((2, 48)), t((3, 3, 3, 4)), window=THREE),
        "conv2d: x (2, 48) has 2 axes; expected x (N, H, W, C)",
    ),
    (
        lambda t: conv2d(t((2, 5, 5, 3)), t((3, 3, 4)), window=THREE),
        "conv2d: weight (3, 3, 4) has 3 axes; expected weight (R, S, D, K)",
    ),
    (
        lambda t: conv2d(t((2, 5, 5, 3)), t((3, 3, 4, 8)), window=THREE),
        "conv2d: weight has D=4 channels a group, but x has C=3 in 1 groups; expected D = C / groups",
    ),
    (
        lambda t: conv2d(t((2, 5, 5, 4)), t((3, 3, 4, 8)), window=THREE, groups=2),
        "conv2d: weight has D=4 channels a group, but x has C=4 in 2 groups; expected D = C / groups",
    ),
    (
        lambda t: conv2d(t((2, 5, 5, 4)), t((3, 3, 2, 7)), window=THREE, groups=2),
        "conv2d: 7 filters do not divide into 2 groups",
    ),
    (
        lambda t: conv2d(t((2, 2, 5, 3)), t((3, 3, 3, 4)), window=THREE),
        "conv2d: a window of 3x3 leaves no pixels of a 2x5 picture (2x5 with padding);"
        " expected a smaller window, stride or more padding",
    ),
    (
        lambda t: conv2d(t((2, 2, 5, 3)), t((3, 3, 3, 4)), window=Window((3, 3), dilation=(2, 2), padding=1)),
        "conv2d: a window of 5x5 leaves no pixels of a 2x5 picture (4x7 with padding);"
        " expected a smaller window, stride or more padding",
    ),
    (
        lambda t: conv2d(t((2, 5, 5, 3)), t((2, 3, 3, 4)), window=THREE),
        "conv2d: weight has R=2 and S=3, but the window is 3x3; expected the same",
    ),
    (
        lambda t: with_parts(t, (2, 4, 4, 3), Add(t((2, 4, 4, 2)))),
        "add: the shortcut has shape (2, 4, 4, 2), the block (2, 4, 4, 3); expected the same",
    ),
    (
        lambda t: with_parts(t, (2, 4, 4, 3), Add(t((1, 4, 4, 3)))),
        "add: the shortcut has shape (1, 4, 4, 3), the block (2, 4, 4, 3); expected the same",
    ),
    (
        lambda t: with_parts(t, (2, 4, 4, 3), Bias(t((1,)))),
        "bias: bias (1) does not fit (2, 4, 4, 3); expected bias (3)",
    ),
    *[
        (
            lambda t, name=name: with_parts(t, (2, 4, 4, 3), norm(t, **{name: (2,)})),
            f"batch_norm: {name} (2) does not fit (2, 4, 4, 3); expected (3)",
        )
        for name in ("weight", "bias", "running_mean", "running_var")
    ],
    (
        lambda t: with_parts(t, (2, 48), MaxPool(THREE)),
        "max_pool2d: x (2, 48) has 2 axes; expected x (N, H, W, C)",
    ),
    (
        lambda t: with_parts(t, (2, 2, 2, 3), MaxPool(THREE)),
        "max_pool2d: a window of 3x3 leaves no pixels of a 2x2 picture (2x2 with padding);"
        " expected a smaller window, stride or more padding",
    ),
    (
        lambda t: with_parts(t, (2, 2, 8, 3), AveragePool(Window((5, 5), padding=1))),
        "avg_pool2d: a window of 5x5 leaves no pixels of a 2x8 picture (4x10 with padding);"
        " expected a smaller window, stride or more padding",
    ),
    (
        lambda t: with_parts(t, (2, 48), GlobalAveragePool()),
        "global_avg_pool: x (2, 48) has 2 axes; expected x (N, H, W, C) or (N, T, H, W, C)",
    ),
    (
        lambda t: with_parts(t, (2, 48), GlobalMaxPool()),
        "global_max_pool: x (2, 48) has 2 axes; expected x (N, H, W, C) or (N, T, H, W, C)",
    ),
    (
        lambda t: with_parts(t, (2, 4, 4, 3), MaxPool3d(CUBE)),
        "max_pool3d: x (2, 4, 4, 3) has 4 axes; expected x (N, T, H, W, C)",
    ),
    (
        lambda t: with_parts(t, (2, 2, 4, 4, 3), AveragePool3d(CUBE)),
        "avg_pool3d: a window of 3x3x3 leaves nothing of a clip of 2x4x4 (2x4x4 with padding), frames first;"
        " expected a smaller window, stride or more padding",
    ),
    (
        lambda t: with_parts(t, (2, 48), TimeAveragePool()),
        "time_avg_pool: x (2, 48) has 2 axes; expected x (N, T, ..., C)",
    ),
    (
        lambda t: with_parts(t, (2, 48), TimeMaxPool()),
        "time_max_pool: x (2, 48) has 2 axes; expected x (N, T, ..., C)",
    ),
    (
        lambda t: conv3d(t((2, 5, 5, 3)), t((3, 3, 3, 3, 4)), window=CUBE),
        "conv3d: x (2, 5, 5, 3) has 4 axes; expected x (N, T, H, W, C)",
    ),
    (
        lambda t: conv3d(t((2, 4, 5, 5, 3)), t((2, 3, 3, 3, 4)), window=CUBE),
        "conv3d: weight has U=2, R=3 and S=3, but the window is 3x3x3; expected the same",
    ),
    (
        lambda t: conv3d(t((2, 4, 5, 5, 3)), t((3, 3, 3, 4, 4)), window=CUBE),
        "conv3d: weight has D=4 channels a group, but x has C=3 in 1 groups; expected D = C / groups",
    ),
    (
        lambda t: conv3d(t((2, 2, 5, 5, 3)), t((3, 3, 3, 3, 4)), window=CUBE),
        "conv3d: a window of 3x3x3 leaves nothing of a clip of 2x5x5 (2x5x5 with padding), frames first;"
        " expected a smaller window, stride or more padding",
    ),
    (
        lambda t: frames_together(t((7, 5, 5, 3)), frames=4),
        "frames_together: 7 pictures are no clips of 4 frames each; expected a multiple",
    ),
    (
        lambda t: with_parts(t, (2, 48), ZeroPad(((1, 1), (1, 1)))),
        "zero_padding2d: x (2, 48) has 2 axes; expected x (N, H, W, C)",
    ),
    (
        lambda t: with_parts(t, (2, 4, 4, 3), Concat([t((2, 4, 4, 1))], [t((2, 4, 2, 3))])),
        "concat: shapes (2, 4, 2, 3) and (2, 4, 4, 3); expected the same but for the last",
    ),
    (
        lambda t: channel_gate(t((2, 4, 4, 3)), t((2, 4))),
        "channel_gate: gate (2, 4) has C=4, but x has C=3; expected gate (N, C)",
    ),
    (
        lambda t: flatten(t((2, 48))),
        "flatten: x (2, 48) has 2 axes; expected x (N, H, ..., C)",
    ),
    (
        lambda t: option_a(t((2, 48)), stride=(2, 2), channels=4),
        "option_a: x (2, 48) has 2 axes; expected x (N, H, W, C)",
    ),
    (
        lambda t: option_a(t((2, 4, 4, 8)), stride=(2, 2), channels=4),
        "option_a: x has 8 channels, which cannot be padded to 4; expected at least as many filters",
    ),
    (
        lambda t: through(t((2, 3, 4)), epilogue=[GroupNorm(t((4,)), t((4,)), groups=3, epsilon=1e-5)]),
        "group_norm: 4 channels do not divide into 3 groups; expected a number that divides them, such as 1",
    ),
    (
        lambda t: through(t((2, 3, 4)), epilogue=[LayerNorm(t((4,)), t((3,)), epsilon=1e-5)]),
        "layer_norm: bias (3) does not fit (2, 3, 4); expected (4)",
    ),
    (
        lambda t: through(t((2, 3, 4)), epilogue=[Prelu(t((3,)))]),
        "prelu: weight (3) does not fit (2, 3, 4); expected (4)",
    ),
    (
        lambda t: softmax(t(())),
        "softmax: x () has 0 axes; expected x (..., K)",
    ),
    (
        lambda t: cross_entropy(t((2, 4, 4, 3)), labels=np.zeros(2, int)),
        "cross_entropy: logits (2, 4, 4, 3) has 4 axes; expected logits (N, K)",
    ),
    (
        lambda t: focal(t((2, 4, 3)), labels=np.zeros(2, int)),
        "focal: logits (2, 4, 3) has 3 axes; expected logits (N, K)",
    ),
    (
        lambda t: binary_cross_entropy(t((2,)), labels=np.zeros((2, 3))),
        "binary_cross_entropy: logits (2) has 1 axis; expected logits (N, K)",
    ),
    (
        lambda t: weighted(t((2, 3)), weights=np.ones(2)),
        "weighted: losses (2, 3) has 2 axes; expected losses (N)",
    ),
    (
        lambda t: mse(t((2,)), labels=np.zeros(2, int)),
        "mse: outputs (2) has 1 axis; expected outputs (N, K)",
    ),
    (
        lambda t: mean(t((2, 3))),
        "mean: x (2, 3) has 2 axes; expected x (N)",
    ),
]


def spec(shape: Shape) -> Tensor:
    return Tensor(Spec(shape))


def array(shape: Shape) -> Tensor:
    return Tensor(np.zeros([int(dim) for dim in shape], np.float32))


@pytest.mark.parametrize(("call", "message"), MISFITS, ids=[message[:60] for _, message in MISFITS])
@pytest.mark.parametrize("make", [spec, array])
def test_a_misfit_names_operation_argument_and_letter(call: Callable[[Make], Tensor], message: str, make: Make) -> None:
    with pytest.raises(ShapeError) as error:
        call(make)
    assert str(error.value) == message


def test_the_number_of_pictures_may_be_unknown() -> None:
    with pytest.raises(ShapeError) as error:
        linear(Tensor(Spec(("N", 3))), spec((5, "classes")))
    assert str(error.value) == "linear: weight (5, classes) has C=5, but x has C=3; expected weight (C, K)"


def test_channels_that_are_not_known_yet_cannot_be_joined() -> None:
    with pytest.raises(ShapeError) as error:
        through(spec(("N", "classes")), epilogue=[Concat([spec(("N", 3))])])
    assert str(error.value) == "concat: classes is not a number of channels yet; expected one that is known"
