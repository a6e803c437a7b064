"""The rows of the table of cases that are about clips; ``op_cases`` has them among its own."""

from __future__ import annotations

from collections.abc import Callable

import naive
import numpy as np
from naive import Array
from promises import Case, distinct

from nettrain.arrays.clip_windows import ClipWindow, Triple
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Tensor, spec_of
from nettrain.ops.average_pool3d import AveragePool3d
from nettrain.ops.batch_norm import BatchNorm
from nettrain.ops.bias import Bias
from nettrain.ops.conv3d import conv3d
from nettrain.ops.flatten import flatten
from nettrain.ops.frames import frames_apart, frames_together
from nettrain.ops.global_average_pool import GlobalAveragePool, TimeAveragePool
from nettrain.ops.global_max_pool import GlobalMaxPool, TimeMaxPool
from nettrain.ops.group_norm import InstanceNorm
from nettrain.ops.max_pool3d import MaxPool3d
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.relu import relu
from nettrain.ops.through import through

EPSILON = 1e-3
CLIP = ("N", 4, 5, 3, 2)  # odd sizes, so that a stride of 2 leaves something over
THREE = ClipWindow((3, 3, 3), padding="same")
POOL = ClipWindow((2, 2, 2), (2, 2, 2))
OVERLAPPING = ClipWindow((3, 3, 3), (2, 1, 2), padding=1)


def convolution(window: ClipWindow, K: int = 3, C: int = 2, groups: int = 1, size: Triple = (4, 5, 3)) -> Case:
    """A convolution without an epilogue."""
    return Case(
        conv3d,
        "conv3d",
        {"x": ("N", *size, C), "weight": (*window.size, C // groups, K)},
        lambda x, weight: conv3d(x, weight, window=window, groups=groups),
        lambda x, weight: naive.conv(x, weight, window, groups),
    )


def part(
    covers: str,
    make_part: Callable[[], Part],
    reference: Callable[[Array], Array],
    shape: tuple[int | str, ...] = CLIP,
    make: Callable[[Array], Array] = np.asarray,
) -> Case:
    """A part without tensors, on its own."""
    return Case(
        through, f"through {covers}", {"x": shape}, lambda x: through(x, epilogue=[make_part()]), reference, make
    )


def batch_norm(weight: Tensor, bias: Tensor) -> BatchNorm:
    """The part with buffers of its own."""
    dtype, C = spec_of(weight.value).dtype, int(weight.shape[0])
    running = Tensor(np.zeros(C, dtype)), Tensor(np.ones(C, dtype))
    return BatchNorm(weight, bias, running, momentum=0.1, epsilon=EPSILON, training=True)


CLIP_CASES: dict[str, Case] = {
    "conv3d 3x3x3 same": convolution(THREE),
    "conv3d 3x3x3 valid": convolution(ClipWindow((3, 3, 3))),
    "conv3d 2x3x1 keras_same stride 2": convolution(ClipWindow((2, 3, 1), (2, 2, 2), padding="keras_same")),
    "conv3d 3x3x3 same stride 2x1x2": convolution(ClipWindow((3, 3, 3), (2, 1, 2), padding="same")),
    "conv3d 3x3x3 padding 2": convolution(ClipWindow((3, 3, 3), padding=2)),
    "conv3d 2x3x2 dilation 2x1x2 padding 1": convolution(ClipWindow((2, 3, 2), dilation=(2, 1, 2), padding=1)),
    "conv3d 1x3x3, frames as they are": convolution(ClipWindow((1, 3, 3), padding="same")),
    "conv3d 1x1x1 stride 2": convolution(ClipWindow((1, 1, 1), (2, 2, 2))),
    "conv3d 3x1x1, in time alone": convolution(ClipWindow((3, 1, 1), padding="same"), C=3),
    "conv3d 4x5x3, whole clip": convolution(ClipWindow((4, 5, 3))),
    "conv3d longer than the clip": convolution(ClipWindow((7, 3, 3), padding="same")),
    "conv3d 2 groups": convolution(THREE, K=6, C=4, groups=2),
    "conv3d, a channel a group": convolution(ClipWindow((1, 3, 3), padding="same"), K=4, C=2, groups=2),
    "conv3d 3x3x3 same, wide": convolution(THREE, K=17, C=6, size=(3, 4, 5)),
    "conv3d, bias, relu, max_pool3d": Case(
        conv3d,
        "conv3d bias pointwise max_pool3d clip_window_part",
        {"x": CLIP, "weight": (3, 3, 3, 2, 4), "bias": (4,)},
        lambda x, weight, bias: conv3d(
            x, weight, window=THREE, epilogue=[Bias(bias), Pointwise(relu, {}), MaxPool3d(OVERLAPPING)]
        ),
        lambda x, weight, bias: naive.max_pool(naive.relu(naive.conv(x, weight, THREE) + bias), OVERLAPPING),
    ),
    "conv3d, batch_norm, relu, global_avg_pool": Case(
        conv3d,
        "conv3d batch_norm pointwise global_average_pool",
        {"x": CLIP, "weight": (3, 3, 3, 2, 4), "scale": (4,), "shift": (4,)},
        lambda x, weight, scale, shift: conv3d(
            x,
            weight,
            window=THREE,
            epilogue=[batch_norm(scale, shift), Pointwise(relu, {}), GlobalAveragePool()],
        ),
        lambda x, weight, scale, shift: naive.relu(
            naive.batch_norm(naive.conv(x, weight, THREE), scale, shift, EPSILON)
        ).mean(axis=(1, 2, 3)),
    ),
    "instance_norm of clips": Case(
        through,
        "through group_norm",
        {"x": CLIP, "scale": (2,), "shift": (2,)},
        lambda x, scale, shift: through(x, epilogue=[InstanceNorm(scale, shift, epsilon=EPSILON)]),
        lambda x, scale, shift: naive.group_norm(x, scale, shift, 2, EPSILON),
    ),
    "max_pool3d 2": part("max_pool3d", lambda: MaxPool3d(POOL), lambda x: naive.max_pool(x, POOL), make=distinct),
    "max_pool3d 3 stride 2x1x2 padding 1": part(
        "max_pool3d", lambda: MaxPool3d(OVERLAPPING), lambda x: naive.max_pool(x, OVERLAPPING), make=distinct
    ),
    "max_pool3d 1x2x2": part(
        "max_pool3d",
        lambda: MaxPool3d(ClipWindow((1, 2, 2), (1, 2, 2))),
        lambda x: naive.max_pool(x, ClipWindow((1, 2, 2), (1, 2, 2))),
        make=distinct,
    ),
    "avg_pool3d 2": part("average_pool3d", lambda: AveragePool3d(POOL), lambda x: naive.average_pool(x, POOL)),
    "avg_pool3d 3 stride 2x1x2 padding 1": part(
        "average_pool3d", lambda: AveragePool3d(OVERLAPPING), lambda x: naive.average_pool(x, OVERLAPPING)
    ),
    "global_avg_pool of clips": part("global_average_pool", GlobalAveragePool, lambda x: x.mean(axis=(1, 2, 3))),
    "global_max_pool of clips": part("global_max_pool", GlobalMaxPool, lambda x: x.max(axis=(1, 2, 3)), make=distinct),
    "time_avg_pool": part("global_average_pool", TimeAveragePool, lambda x: x.mean(axis=1)),
    "time_avg_pool of rows": part("global_average_pool", TimeAveragePool, lambda x: x.mean(axis=1), ("N", 5, 3)),
    "time_max_pool": part("global_max_pool", TimeMaxPool, lambda x: x.max(axis=1), make=distinct),
    "time_max_pool of rows": part("global_max_pool", TimeMaxPool, lambda x: x.max(axis=1), ("N", 5, 3), make=distinct),
    "flatten of clips": Case(flatten, "flatten", {"x": CLIP}, flatten, lambda x: np.array([c.ravel() for c in x])),
    "frames_apart": Case(frames_apart, "frames", {"x": CLIP}, frames_apart, lambda x: np.concatenate(list(x))),
    "frames_together": Case(
        frames_together,
        "frames",
        {"x": ("4*N", 3, 2)},
        lambda x: frames_together(x, frames=4),
        lambda x: np.array([x[i : i + 4] for i in range(0, len(x), 4)]),
    ),
}
