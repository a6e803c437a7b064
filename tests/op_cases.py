"""The table of cases: every operation and every part of an epilogue, alone and together, with what each should give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import naive
import numpy as np
from clip_cases import CLIP_CASES
from promises import Array, Case, away_from_zero, distinct

from nettrain.arrays.windows import Pair, Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Tensor, spec_of
from nettrain.ops.add import Add
from nettrain.ops.average_pool import AveragePool
from nettrain.ops.batch_norm import BatchNorm
from nettrain.ops.bias import Bias
from nettrain.ops.binary_cross_entropy import binary_cross_entropy
from nettrain.ops.channel_gate import channel_gate
from nettrain.ops.concat import Concat
from nettrain.ops.conv2d import conv2d
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.drop_path import DropPath
from nettrain.ops.dropout import Dropout
from nettrain.ops.flatten import flatten
from nettrain.ops.focal import focal
from nettrain.ops.global_average_pool import GlobalAveragePool
from nettrain.ops.global_max_pool import GlobalMaxPool
from nettrain.ops.group_norm import GroupNorm, InstanceNorm
from nettrain.ops.layer_norm import LayerNorm
from nettrain.ops.linear import linear
from nettrain.ops.max_pool import MaxPool
from nettrain.ops.mean import mean
from nettrain.ops.mse import mse
from nettrain.ops.option_a import option_a
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.prelu import Prelu
from nettrain.ops.relu import relu
from nettrain.ops.softmax import softmax
from nettrain.ops.through import through
from nettrain.ops.weighted import weighted
from nettrain.ops.zero_pad import ZeroPad

EPSILON = 1e-3
CLASS_WEIGHTS = np.array([0.5, 1, 2, 3, 0.25], np.float32)
LOSSES = "cross_entropy focal binary_cross_entropy mse targets weighted mean"
PICTURE = ("N", 5, 7, 3)  # odd sizes, so that a stride of 2 leaves something over
RELU = (relu, {})


def labels(x: Tensor | Array, K: int) -> Any:
    """A label for each picture; in a dry run there are none."""
    N = x.shape[0]
    return np.arange(N) * 7 % K if isinstance(N, int) else None


def several(x: Tensor | Array, K: int) -> Any:
    """Any number of labels for each picture, none for the first."""
    N = x.shape[0]
    return (np.arange(N * K).reshape(N, K) % 3 == 1) if isinstance(N, int) else None


def shares(x: Tensor | Array, K: int, weights: float | Array = 1.0) -> Any:
    """Shares of two classes for each picture, which differ or not, times the weights of the classes."""
    N = x.shape[0]
    if not isinstance(N, int):
        return None
    rows, kept = np.arange(N), np.linspace(0, 1, N + 2)[1:-1]
    found = np.zeros((N, K))
    np.add.at(found, (rows, rows * 7 % K), kept)
    np.add.at(found, (rows, rows * 3 % K), 1 - kept)
    return found * weights


def per_picture(x: Tensor | Array) -> Any:
    """A weight for each picture."""
    N = x.shape[0]
    return np.linspace(0.5, 2, N, dtype=np.float32) if isinstance(N, int) else None


def means(C: int) -> Array:
    return np.linspace(-0.5, 0.5, C)


def variances(C: int) -> Array:
    return np.linspace(0.5, 2.0, C)


def batch_norm(weight: Tensor, bias: Tensor, *, training: bool = True) -> BatchNorm:
    """The part with buffers of its own."""
    dtype = spec_of(weight.value).dtype
    C = int(weight.shape[0])
    running = Tensor(means(C).astype(dtype)), Tensor(variances(C).astype(dtype))
    return BatchNorm(weight, bias, running, momentum=0.1, epsilon=EPSILON, training=training)


def dropout(rate: float = 0.4) -> Dropout:
    return Dropout(rate, seed=3, layer="layers.1", epoch=2, start=10)


def naive_dropout(x: Array, rate: float = 0.4) -> Array:
    return naive.dropout(x, rate, 3, "layers.1", 2, 10)


def drop_path(rate: float = 0.4) -> DropPath:
    return DropPath(rate, seed=3, layer="layers.1", epoch=2, start=10)


def naive_drop_path(x: Array, rate: float = 0.4) -> Array:
    return naive.drop_path(x, rate, 3, "layers.1", 2, 10)


def normed(z: Array, weight: Array, bias: Array) -> Array:
    return naive.batch_norm(z, weight, bias, EPSILON)


def running_normed(z: Array, weight: Array, bias: Array) -> Array:
    C = len(weight)
    return naive.normalised(z, weight, bias, means(C), variances(C), EPSILON)


def convolution(window: Window, K: int = 4, C: int = 3, groups: int = 1, size: Pair = (5, 7)) -> Case:
    """A convolution without an epilogue."""
    return Case(
        conv2d,
        "conv2d",
        {"x": ("N", *size, C), "weight": (*window.size, C // groups, K)},
        lambda x, weight: conv2d(x, weight, window=window, groups=groups),
        lambda x, weight: naive.conv(x, weight, window, groups),
    )


def part(
    covers: str,
    make_part: Callable[[], Part],
    reference: Callable[[Array], Array],
    shape: tuple[int | str, ...] = PICTURE,
    make: Callable[[Array], Array] = np.asarray,
) -> Case:
    """A part without tensors, on its own."""
    return Case(
        through, f"through {covers}", {"x": shape}, lambda x: through(x, epilogue=[make_part()]), reference, make
    )


def group_norm(shape: tuple[int | str, ...], groups: int) -> Case:
    """A group norm on its own."""
    C = int(shape[-1])
    return Case(
        through,
        "through group_norm norm_shape",
        {"x": shape, "scale": (C,), "shift": (C,)},
        lambda x, scale, shift: through(x, epilogue=[GroupNorm(scale, shift, groups=groups, epsilon=EPSILON)]),
        lambda x, scale, shift: naive.group_norm(x, scale, shift, groups, EPSILON),
    )


THREE = Window((3, 3), padding="same")
POOL = Window((2, 2), (2, 2))
OVERLAPPING = Window((3, 3), (2, 2), padding=1)
WIDE = ("N", 4, 5, 16)  # channels enough for Winograd's method
WIDE_WEIGHT = (3, 3, 16, 16)

CASES: dict[str, Case] = {
    "linear": Case(
        linear,
        "linear",
        {"x": ("N", 5), "weight": (5, 4)},
        linear,
        lambda x, weight: np.einsum("nc,ck->nk", x, weight),
    ),
    "linear to one": Case(
        linear,
        "linear",
        {"x": ("N", 23), "weight": (23, 1)},
        linear,
        lambda x, weight: np.einsum("nc,ck->nk", x, weight),
    ),
    "linear, bias, relu": Case(
        linear,
        "linear bias pointwise",
        {"x": ("N", 5), "weight": (5, 4), "bias": (4,)},
        lambda x, weight, bias: linear(x, weight, epilogue=[Bias(bias), Pointwise(*RELU)]),
        lambda x, weight, bias: naive.relu(x @ weight + bias),
    ),
    "linear, batch_norm, relu, dropout": Case(
        linear,
        "linear batch_norm pointwise dropout",
        {"x": ("N", 5), "weight": (5, 4), "scale": (4,), "shift": (4,)},
        lambda x, weight, scale, shift: linear(
            x, weight, epilogue=[batch_norm(scale, shift), Pointwise(*RELU), dropout()]
        ),
        lambda x, weight, scale, shift: naive_dropout(naive.relu(normed(x @ weight, scale, shift))),
    ),
    "conv 3x3 same": convolution(THREE),
    "conv 3x3 valid": convolution(Window((3, 3))),
    "conv 2x2 same": convolution(Window((2, 2), padding="same")),
    "conv 2x4 keras_same stride 2": convolution(Window((2, 4), (2, 2), padding="keras_same")),
    "conv 3x3 keras_same stride 3": convolution(Window((3, 3), (3, 3), padding="keras_same")),
    "conv 3x3 same stride 2": convolution(Window((3, 3), (2, 2), padding="same")),
    "conv 3x3 padding 2": convolution(Window((3, 3), padding=2)),
    "conv 1x3 stride 2x1": convolution(Window((1, 3), (2, 1), padding="same")),
    "conv 3x3 dilation 2": convolution(Window((3, 3), dilation=(2, 2), padding="same")),
    "conv 2x3 dilation 1x3 stride 2 padding 3": convolution(Window((2, 3), (2, 2), (1, 3), 3)),
    "conv 1x1": convolution(Window((1, 1))),
    "conv 1x1 stride 2": convolution(Window((1, 1), (2, 2))),
    "conv 5x7, whole picture": convolution(Window((5, 7))),
    "conv to one": convolution(THREE, K=1),
    "conv 2 groups": convolution(THREE, K=6, C=4, groups=2),
    "conv depthwise": convolution(Window((3, 3), (2, 2), padding="same"), K=8, C=4, groups=4),
    "conv depthwise 1x1": convolution(Window((1, 1)), K=3, groups=3),
    "conv 3x3 same, wide": convolution(THREE, K=17, C=16, size=(4, 5)),
    "conv 3x3 valid, wide": convolution(Window((3, 3)), K=16, C=18, size=(4, 6)),
    "conv 3x3 padding 2, wide": convolution(Window((3, 3), padding=2), K=16, C=16, size=(2, 3)),
    "conv 1x1 stride 2, wide": convolution(Window((1, 1), (2, 2)), K=16, C=16),
    "conv, wide, bias, relu": Case(
        conv2d,
        "conv2d bias pointwise",
        {"x": WIDE, "weight": WIDE_WEIGHT, "bias": (16,)},
        lambda x, weight, bias: conv2d(x, weight, window=THREE, epilogue=[Bias(bias), Pointwise(*RELU)]),
        lambda x, weight, bias: naive.relu(naive.conv(x, weight, THREE) + bias),
    ),
    "conv, wide, bias, relu, max_pool": Case(
        conv2d,
        "conv2d bias pointwise max_pool",
        {"x": WIDE, "weight": WIDE_WEIGHT, "bias": (16,)},
        lambda x, weight, bias: conv2d(x, weight, window=THREE, epilogue=[Bias(bias), Pointwise(*RELU), MaxPool(POOL)]),
        lambda x, weight, bias: naive.max_pool(naive.relu(naive.conv(x, weight, THREE) + bias), POOL),
    ),
    "conv, wide, batch_norm, relu, max_pool": Case(
        conv2d,
        "conv2d batch_norm pointwise max_pool",
        {"x": WIDE, "weight": WIDE_WEIGHT, "scale": (16,), "shift": (16,)},
        lambda x, weight, scale, shift: conv2d(
            x, weight, window=THREE, epilogue=[batch_norm(scale, shift), Pointwise(*RELU), MaxPool(POOL)]
        ),
        lambda x, weight, scale, shift: naive.max_pool(
            naive.relu(normed(naive.conv(x, weight, THREE), scale, shift)), POOL
        ),
    ),
    "conv, wide, batch_norm, add, relu": Case(
        conv2d,
        "conv2d batch_norm add pointwise",
        {"x": WIDE, "weight": WIDE_WEIGHT, "scale": (16,), "shift": (16,), "shortcut": WIDE},
        lambda x, weight, scale, shift, shortcut: conv2d(
            x, weight, window=THREE, epilogue=[batch_norm(scale, shift), Add(shortcut), Pointwise(*RELU)]
        ),
        lambda x, weight, scale, shift, shortcut: naive.relu(
            normed(naive.conv(x, weight, THREE), scale, shift) + shortcut
        ),
    ),
    "conv, bias": Case(
        conv2d,
        "conv2d bias",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "bias": (4,)},
        lambda x, weight, bias: conv2d(x, weight, window=THREE, epilogue=[Bias(bias)]),
        lambda x, weight, bias: naive.conv(x, weight, THREE) + bias,
    ),
    "conv, batch_norm": Case(
        conv2d,
        "conv2d batch_norm",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "scale": (4,), "shift": (4,)},
        lambda x, weight, scale, shift: conv2d(x, weight, window=THREE, epilogue=[batch_norm(scale, shift)]),
        lambda x, weight, scale, shift: normed(naive.conv(x, weight, THREE), scale, shift),
    ),
    "conv, running batch_norm, relu": Case(
        conv2d,
        "conv2d batch_norm pointwise",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "scale": (4,), "shift": (4,)},
        lambda x, weight, scale, shift: conv2d(
            x, weight, window=THREE, epilogue=[batch_norm(scale, shift, training=False), Pointwise(*RELU)]
        ),
        lambda x, weight, scale, shift: naive.relu(running_normed(naive.conv(x, weight, THREE), scale, shift)),
    ),
    "conv, bias, relu, add, relu": Case(
        conv2d,
        "conv2d bias pointwise add",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "bias": (4,), "shortcut": ("N", 5, 7, 4)},
        lambda x, weight, bias, shortcut: conv2d(
            x, weight, window=THREE, epilogue=[Bias(bias), Pointwise(*RELU), Add(shortcut), Pointwise(*RELU)]
        ),
        lambda x, weight, bias, shortcut: naive.relu(naive.relu(naive.conv(x, weight, THREE) + bias) + shortcut),
    ),
    "conv, batch_norm, add, relu, max_pool": Case(
        conv2d,
        "conv2d batch_norm add pointwise max_pool",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "scale": (4,), "shift": (4,), "shortcut": ("N", 5, 7, 4)},
        lambda x, weight, scale, shift, shortcut: conv2d(
            x,
            weight,
            window=THREE,
            epilogue=[batch_norm(scale, shift), Add(shortcut), Pointwise(*RELU), MaxPool(POOL)],
        ),
        lambda x, weight, scale, shift, shortcut: naive.max_pool(
            naive.relu(normed(naive.conv(x, weight, THREE), scale, shift) + shortcut), POOL
        ),
    ),
    "conv, bias, relu, max_pool, global_avg_pool, dropout": Case(
        conv2d,
        "conv2d bias pointwise max_pool dropout",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "bias": (4,)},
        lambda x, weight, bias: conv2d(
            x,
            weight,
            window=THREE,
            epilogue=[Bias(bias), Pointwise(*RELU), MaxPool(OVERLAPPING), GlobalAveragePool(), dropout()],
        ),
        lambda x, weight, bias: naive_dropout(
            naive.max_pool(naive.relu(naive.conv(x, weight, THREE) + bias), OVERLAPPING).mean(axis=(1, 2))
        ),
    ),
    "through": Case(through, "through", {"x": PICTURE}, through, lambda x: x),
    "bias": Case(
        through,
        "through bias",
        {"x": PICTURE, "bias": (3,)},
        lambda x, bias: through(x, epilogue=[Bias(bias)]),
        lambda x, bias: x + bias,
    ),
    "add": Case(
        through,
        "through add",
        {"x": PICTURE, "shortcut": PICTURE},
        lambda x, shortcut: through(x, epilogue=[Add(shortcut)]),
        lambda x, shortcut: x + shortcut,
    ),
    "batch_norm of pictures": Case(
        through,
        "through batch_norm",
        {"x": PICTURE, "scale": (3,), "shift": (3,)},
        lambda x, scale, shift: through(x, epilogue=[batch_norm(scale, shift)]),
        normed,
    ),
    "batch_norm of rows": Case(
        through,
        "through batch_norm",
        {"x": ("N", 6), "scale": (6,), "shift": (6,)},
        lambda x, scale, shift: through(x, epilogue=[batch_norm(scale, shift)]),
        normed,
    ),
    "running batch_norm": Case(
        through,
        "through batch_norm",
        {"x": PICTURE, "scale": (3,), "shift": (3,)},
        lambda x, scale, shift: through(x, epilogue=[batch_norm(scale, shift, training=False)]),
        lambda x, scale, shift: running_normed(x, scale, shift),
    ),
    "layer_norm of pictures": Case(
        through,
        "through layer_norm norm_shape",
        {"x": PICTURE, "scale": (3,), "shift": (3,)},
        lambda x, scale, shift: through(x, epilogue=[LayerNorm(scale, shift, epsilon=EPSILON)]),
        lambda x, scale, shift: naive.layer_norm(x, scale, shift, EPSILON),
    ),
    "layer_norm of rows": Case(
        through,
        "through layer_norm norm_shape",
        {"x": ("N", 9), "scale": (9,), "shift": (9,)},
        lambda x, scale, shift: through(x, epilogue=[LayerNorm(scale, shift, epsilon=EPSILON)]),
        lambda x, scale, shift: naive.layer_norm(x, scale, shift, EPSILON),
    ),
    "linear, layer_norm, relu": Case(
        linear,
        "linear layer_norm pointwise",
        {"x": ("N", 5), "weight": (5, 4), "scale": (4,), "shift": (4,)},
        lambda x, weight, scale, shift: linear(
            x, weight, epilogue=[LayerNorm(scale, shift, epsilon=EPSILON), Pointwise(*RELU)]
        ),
        lambda x, weight, scale, shift: naive.relu(naive.layer_norm(x @ weight, scale, shift, EPSILON)),
    ),
    "group_norm of pictures": group_norm(PICTURE, 1),
    "group_norm of wide pictures": group_norm(("N", 5, 7, 40), 8),
    "group_norm of rows": group_norm(("N", 6), 2),
    "group_norm, a channel a group": group_norm(PICTURE, 3),
    "instance_norm": Case(
        through,
        "through group_norm window_part",
        {"x": PICTURE, "scale": (3,), "shift": (3,)},
        lambda x, scale, shift: through(x, epilogue=[InstanceNorm(scale, shift, epsilon=EPSILON)]),
        lambda x, scale, shift: naive.group_norm(x, scale, shift, 3, EPSILON),
    ),
    "conv, wide, group_norm, add, relu, max_pool": Case(
        conv2d,
        "conv2d group_norm add pointwise max_pool",
        {"x": WIDE, "weight": WIDE_WEIGHT, "scale": (16,), "shift": (16,), "shortcut": WIDE},
        lambda x, weight, scale, shift, shortcut: conv2d(
            x,
            weight,
            window=THREE,
            epilogue=[
                GroupNorm(scale, shift, groups=4, epsilon=EPSILON),
                Add(shortcut),
                Pointwise(*RELU),
                MaxPool(POOL),
            ],
        ),
        lambda x, weight, scale, shift, shortcut: naive.max_pool(
            naive.relu(naive.group_norm(naive.conv(x, weight, THREE), scale, shift, 4, EPSILON) + shortcut), POOL
        ),
    ),
    "prelu of pictures": Case(
        through,
        "through prelu",
        {"x": PICTURE, "weight": (3,)},
        lambda x, weight: through(x, epilogue=[Prelu(weight)]),
        naive.prelu,
        away_from_zero,
    ),
    "prelu of rows": Case(
        through,
        "through prelu",
        {"x": ("N", 9), "weight": (9,)},
        lambda x, weight: through(x, epilogue=[Prelu(weight)]),
        naive.prelu,
        away_from_zero,
    ),
    "relu as a part": part("pointwise relu", lambda: Pointwise(*RELU), naive.relu, make=away_from_zero),
    "max_pool 2": part("max_pool window_part", lambda: MaxPool(POOL), lambda x: naive.max_pool(x, POOL), make=distinct),
    "max_pool 3 stride 2 padding 1": part(
        "max_pool window_part", lambda: MaxPool(OVERLAPPING), lambda x: naive.max_pool(x, OVERLAPPING), make=distinct
    ),
    "max_pool 2x3 stride 1 same": part(
        "max_pool window_part",
        lambda: MaxPool(Window((2, 3), padding="same")),
        lambda x: naive.max_pool(x, Window((2, 3), padding="same")),
        make=distinct,
    ),
    "max_pool 17x17": part(
        "max_pool window_part",
        lambda: MaxPool(Window((17, 17))),
        lambda x: naive.max_pool(x, Window((17, 17))),
        shape=("N", 17, 18, 1),
        make=distinct,
    ),
    "avg_pool 2": part("average_pool", lambda: AveragePool(POOL), lambda x: naive.average_pool(x, POOL)),
    "avg_pool 3 stride 2 padding 1": part(
        "average_pool", lambda: AveragePool(OVERLAPPING), lambda x: naive.average_pool(x, OVERLAPPING)
    ),
    "avg_pool 3x2 keras_same": part(
        "average_pool",
        lambda: AveragePool(Window((3, 2), (2, 2), padding="keras_same")),
        lambda x: naive.average_pool(x, Window((3, 2), (2, 2), padding="keras_same")),
    ),
    "global_avg_pool": part("global_average_pool", GlobalAveragePool, lambda x: x.mean(axis=(1, 2))),
    "global_avg_pool of one channel": part(
        "global_average_pool", GlobalAveragePool, lambda x: x.mean(axis=(1, 2)), shape=("N", 6, 3, 1)
    ),
    "global_max_pool": part("global_max_pool", GlobalMaxPool, lambda x: x.max(axis=(1, 2)), make=distinct),
    "global_max_pool of one channel": part(
        "global_max_pool", GlobalMaxPool, lambda x: x.max(axis=(1, 2)), shape=("N", 6, 3, 1), make=distinct
    ),
    "conv, bias, relu, global_max_pool": Case(
        conv2d,
        "conv2d bias pointwise global_max_pool",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "bias": (4,)},
        lambda x, weight, bias: conv2d(
            x, weight, window=THREE, epilogue=[Bias(bias), Pointwise(*RELU), GlobalMaxPool()]
        ),
        lambda x, weight, bias: naive.relu(naive.conv(x, weight, THREE) + bias).max(axis=(1, 2)),
    ),
    "zero_pad 1 and 2, 0 and 3": part(
        "zero_pad", lambda: ZeroPad(((1, 2), (0, 3))), lambda x: np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)))
    ),
    "zero_pad one side": part(
        "zero_pad", lambda: ZeroPad(((0, 0), (2, 0))), lambda x: np.pad(x, ((0, 0), (0, 0), (2, 0), (0, 0)))
    ),
    "concat of pictures": Case(
        through,
        "through concat",
        {"x": PICTURE, "one": ("N", 5, 7, 2), "two": ("N", 5, 7, 1), "three": ("N", 5, 7, 4)},
        lambda x, one, two, three: through(x, epilogue=[Concat([one], [two, three])]),
        lambda x, one, two, three: np.concatenate([one, x, two, three], axis=3),
    ),
    "concat of rows": Case(
        through,
        "through concat",
        {"x": ("N", 4), "other": ("N", 3)},
        lambda x, other: through(x, epilogue=[Concat([other])]),
        lambda x, other: np.concatenate([other, x], axis=1),
    ),
    "conv, batch_norm, concat, relu": Case(
        conv2d,
        "conv2d batch_norm concat pointwise",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "scale": (4,), "shift": (4,), "other": ("N", 5, 7, 2)},
        lambda x, weight, scale, shift, other: conv2d(
            x, weight, window=THREE, epilogue=[batch_norm(scale, shift), Concat([], [other]), Pointwise(*RELU)]
        ),
        lambda x, weight, scale, shift, other: naive.relu(
            np.concatenate([normed(naive.conv(x, weight, THREE), scale, shift), other], axis=3)
        ),
    ),
    "drop_path of pictures": part("drop_path", drop_path, naive_drop_path),
    "drop_path of rows": part("drop_path", drop_path, naive_drop_path, shape=("N", 9)),
    "conv, bias, drop_path, add": Case(
        conv2d,
        "conv2d bias drop_path add",
        {"x": PICTURE, "weight": (3, 3, 3, 4), "bias": (4,), "shortcut": ("N", 5, 7, 4)},
        lambda x, weight, bias, shortcut: conv2d(
            x, weight, window=THREE, epilogue=[Bias(bias), drop_path(), Add(shortcut)]
        ),
        lambda x, weight, bias, shortcut: naive_drop_path(naive.conv(x, weight, THREE) + bias) + shortcut,
    ),
    "channel_gate": Case(
        channel_gate,
        "channel_gate",
        {"x": PICTURE, "gate": ("N", 3)},
        channel_gate,
        lambda x, gate: np.einsum("nhwc,nc->nhwc", x, gate),
    ),
    "channel_gate, add, relu": Case(
        channel_gate,
        "channel_gate add pointwise",
        {"x": PICTURE, "gate": ("N", 3), "shortcut": PICTURE},
        lambda x, gate, shortcut: channel_gate(x, gate, epilogue=[Add(shortcut), Pointwise(*RELU)]),
        lambda x, gate, shortcut: naive.relu(np.einsum("nhwc,nc->nhwc", x, gate) + shortcut),
    ),
    "dropout of pictures": part("dropout", dropout, naive_dropout),
    "dropout of rows": part("dropout", dropout, naive_dropout, shape=("N", 9)),
    "relu": Case(relu, "relu", {"x": PICTURE}, relu, naive.relu, away_from_zero),
    "flatten": Case(flatten, "flatten", {"x": PICTURE}, flatten, lambda x: np.array([p.ravel() for p in x])),
    "option_a": Case(
        option_a,
        "option_a",
        {"x": PICTURE},
        lambda x: option_a(x, stride=(2, 2), channels=5),
        lambda x: naive.option_a(x, (2, 2), 5),
    ),
    "option_a, more channels only": Case(
        option_a,
        "option_a",
        {"x": PICTURE},
        lambda x: option_a(x, stride=(1, 1), channels=4),
        lambda x: naive.option_a(x, (1, 1), 4),
    ),
    "option_a, stride 3x2 only": Case(
        option_a,
        "option_a",
        {"x": PICTURE},
        lambda x: option_a(x, stride=(3, 2), channels=3),
        lambda x: naive.option_a(x, (3, 2), 3),
    ),
    "softmax": Case(softmax, "softmax", {"x": ("N", 5)}, softmax, naive.softmax),
    "softmax of pictures": part("pointwise softmax", lambda: Pointwise(softmax, {}), naive.softmax),
    "cross_entropy": Case(
        cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: cross_entropy(logits, labels=labels(logits, 5)),
        lambda logits: naive.cross_entropy(logits, labels(logits, 5)),
    ),
    "cross_entropy, smoothed": Case(
        cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: cross_entropy(logits, labels=labels(logits, 5), label_smoothing=0.1),
        lambda logits: naive.cross_entropy(logits, labels(logits, 5), 0.1),
    ),
    "cross_entropy, shares": Case(
        cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: cross_entropy(logits, labels=shares(logits, 5)),
        lambda logits: naive.by_shares(lambda k: naive.cross_entropy(logits, k), shares(logits, 5)),
    ),
    "cross_entropy, weighted shares, smoothed": Case(
        cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: cross_entropy(logits, labels=shares(logits, 5, CLASS_WEIGHTS), label_smoothing=0.1),
        lambda logits: naive.by_shares(
            lambda k: CLASS_WEIGHTS[k] * naive.cross_entropy(logits, k, 0.1), shares(logits, 5)
        ),
    ),
    "focal, shares": Case(
        focal,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: focal(logits, labels=shares(logits, 5), gamma=1.5, alpha=0.25),
        lambda logits: naive.by_shares(lambda k: naive.focal(logits, k, 1.5, 0.25), shares(logits, 5)),
    ),
    "focal": Case(
        focal,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: focal(logits, labels=labels(logits, 5)),
        lambda logits: naive.focal(logits, labels(logits, 5), 2.0, 1.0),
    ),
    "focal, half a power and a quarter": Case(
        focal,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: focal(logits, labels=labels(logits, 5), gamma=0.5, alpha=0.25),
        lambda logits: naive.focal(logits, labels(logits, 5), 0.5, 0.25),
    ),
    "focal, as cross-entropy": Case(
        focal,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: focal(logits, labels=labels(logits, 5), gamma=0.0),
        lambda logits: naive.cross_entropy(logits, labels(logits, 5)),
    ),
    "binary_cross_entropy, one label": Case(
        binary_cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: binary_cross_entropy(logits, labels=labels(logits, 5)),
        lambda logits: naive.binary_cross_entropy(logits, np.eye(5)[labels(logits, 5)]),
    ),
    "binary_cross_entropy, several labels": Case(
        binary_cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: binary_cross_entropy(logits, labels=several(logits, 5)),
        lambda logits: naive.binary_cross_entropy(logits, several(logits, 5)),
    ),
    "binary_cross_entropy, weighted": Case(
        binary_cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: binary_cross_entropy(logits, labels=several(logits, 5), class_weights=CLASS_WEIGHTS),
        lambda logits: naive.binary_cross_entropy(logits, several(logits, 5), CLASS_WEIGHTS),
    ),
    "binary_cross_entropy, weighted shares": Case(
        binary_cross_entropy,
        LOSSES,
        {"logits": ("N", 5)},
        lambda logits: binary_cross_entropy(logits, labels=shares(logits, 5), class_weights=CLASS_WEIGHTS),
        lambda logits: naive.binary_cross_entropy(logits, shares(logits, 5), CLASS_WEIGHTS),
    ),
    "weighted": Case(
        weighted,
        LOSSES,
        {"losses": ("N",)},
        lambda losses: weighted(losses, weights=per_picture(losses)),
        lambda losses: losses * per_picture(losses),
    ),
    "mse": Case(
        mse,
        LOSSES,
        {"outputs": ("N", 5)},
        lambda outputs: mse(outputs, labels=labels(outputs, 5)),
        lambda outputs: naive.mse(outputs, labels(outputs, 5)),
    ),
    "mean": Case(mean, LOSSES, {"x": ("N",)}, mean, lambda x: np.asarray(x.sum() / len(x))),
    **CLIP_CASES,
}
