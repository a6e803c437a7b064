"""Whether a picture's result at inference depends on the pictures that come with it: a program that prints what does.

    python tests/company.py

BLAS may be told to use another kernel by OPENBLAS_CORETYPE, which it reads as it loads: hence a program of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays import blas
from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Tensor
from nettrain.ops.activations import ACTIVATIONS
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
from nettrain.ops.focal import focal
from nettrain.ops.frames import frames_apart, frames_together
from nettrain.ops.global_average_pool import GlobalAveragePool, TimeAveragePool
from nettrain.ops.global_max_pool import GlobalMaxPool, TimeMaxPool
from nettrain.ops.group_norm import GroupNorm
from nettrain.ops.layer_norm import LayerNorm
from nettrain.ops.linear import linear
from nettrain.ops.max_pool import MaxPool
from nettrain.ops.max_pool3d import MaxPool3d
from nettrain.ops.mse import mse
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.prelu import Prelu
from nettrain.ops.softmax import softmax
from nettrain.ops.through import through
from nettrain.ops.zero_pad import ZeroPad

Array = npt.NDArray[Any]
Row = tuple[str, tuple[int, ...], Callable[[Tensor, Array], Tensor]]

PICTURES = 33
EDGES = (2, 3, 7, 8, 9, 16, 17, 32, 33)  # of blocks, for programs of their own
DENSE = [
    (1, 1), (2, 1), (23, 1), (100, 1), (784, 1), (3, 2), (5, 7), (9, 3), (17, 9), (31, 33), (64, 10), (65, 33),
    (127, 10), (128, 17), (257, 2), (784, 128), (1023, 5), (513, 1001), (4096, 256),
]  # fmt: skip
CLIPS = [  # (T, H, W, C), (U, R, S), K, groups, stride; every kernel, and more frames than a run of them has
    ((4, 6, 5, 6), (3, 3, 3), 16, 1, 1),
    ((5, 7, 6, 3), (3, 3, 3), 8, 1, 1),
    ((6, 8, 8, 1), (3, 3, 3), 8, 1, 1),
    ((5, 7, 6, 4), (3, 3, 3), 5, 1, 2),
    ((6, 4, 4, 5), (3, 1, 1), 7, 1, 1),
    ((4, 5, 5, 4), (1, 3, 3), 8, 4, 1),
    ((4, 5, 5, 4), (3, 3, 3), 6, 2, 1),
    ((20, 8, 8, 16), (3, 3, 3), 16, 1, 1),
]
CONVOLUTIONS = [  # (H, W, C), (R, S), K, groups, stride; every kernel, and pictures that are cut into bands
    ((5, 7, 3), (3, 3), 4, 1, 1),
    ((8, 8, 1), (5, 5), 1, 1, 1),
    ((7, 7, 17), (1, 1), 9, 1, 1),
    ((9, 9, 4), (3, 3), 6, 2, 2),
    ((9, 9, 8), (3, 3), 16, 8, 1),
    ((3, 3, 5), (3, 3), 7, 1, 3),
    ((32, 32, 3), (3, 3), 32, 1, 1),
    ((16, 16, 32), (3, 3), 64, 1, 1),
    ((1, 1, 20), (1, 1), 1, 1, 1),
    ((4, 4, 64), (1, 1), 1, 1, 1),
    ((8, 8, 16), (3, 3), 16, 1, 1),
    ((2, 3, 17), (3, 3), 19, 1, 1),
    ((13, 9, 32), (3, 3), 48, 1, 1),
    ((4, 4, 128), (3, 3), 128, 1, 1),
    ((15, 14, 3), (7, 7), 8, 1, 2),
    ((9, 9, 2), (3, 3), 5, 1, 3),
    ((9, 9, 17), (1, 1), 20, 1, 2),
    ((16, 16, 32), (1, 1), 64, 1, 1),
    ((9, 8, 6), (3, 3), 6, 6, 2),
    ((9, 8, 3), (3, 3), 6, 3, 2),
    ((16, 16, 16), (3, 3), 32, 1, 2),
    ((30, 36, 34), (3, 3), 4, 2, 1),
]
NORMED = [((7, 5, 3), 1), ((8, 8, 16), 4), ((33,), 3), ((100,), 5)]  # (..., C), and groups of channels


def random(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def rows() -> Iterator[Row]:
    """What is tried: a name, the shape of one picture, and the call."""
    for C, K in DENSE:
        weight, bias = Tensor(random(C, K)), Tensor(random(K, seed=2))
        yield f"dense {C}x{K}", (C,), lambda x, _, w=weight, b=bias: linear(x, w, epilogue=[Bias(b)])
    for shape, (R, S), K, groups, stride in CONVOLUTIONS:
        weight = Tensor(random(R, S, shape[2] // groups, K))
        window = Window((R, S), (stride, stride), padding="same")
        name = f"conv {shape} {R}x{S} to {K}, {groups} groups, stride {stride}"
        yield name, shape, lambda x, _, w=weight, v=window, g=groups: conv2d(x, w, window=v, groups=g)
    for clip, size, K, groups, stride in CLIPS:
        filters = Tensor(random(*size, clip[3] // groups, K))
        cube = ClipWindow(size, (stride,) * 3, padding="same")
        name = f"conv3d {clip} {size} to {K}, {groups} groups, stride {stride}"
        yield name, clip, lambda x, _, w=filters, v=cube, g=groups: conv3d(x, w, window=v, groups=g)
    for name, clip_part in CLIP_PARTS.items():
        yield f"{name} of clips", (5, 6, 4, 3), lambda x, _, p=clip_part: through(x, epilogue=[p()])
    frames_of_four = Tensor(random(3, 3, 3, 5))
    yield "every frame by itself", (5, 6, 4, 3), lambda x, _: by_frame(x, frames_of_four)
    for C in (1, 3, 16, 33):
        norm = [Tensor(random(C, seed=seed)) for seed in (2, 3, 4)]
        for shape in ((7, 5, C), (C,)):
            yield f"batch_norm {shape}", shape, lambda x, _, n=norm: through(x, epilogue=[running(*n)])
            yield f"prelu {shape}", shape, lambda x, _, n=norm: through(x, epilogue=[Prelu(n[1])])
        for size in (1, 7, 16):
            pooled = f"global_avg_pool {size}x{size}x{C}"
            yield pooled, (size, size, C), lambda x, _: through(x, epilogue=[GlobalAveragePool()])
    for shape, groups in NORMED:
        C = shape[-1]
        weight, scale, shift = Tensor(random(C, C)), *(Tensor(random(C, seed=seed)) for seed in (2, 3))
        layer_norm = partial(LayerNorm, scale, shift, epsilon=1e-5)
        group_norm = partial(GroupNorm, scale, shift, groups=groups, epsilon=1e-5)
        for name, make in ((f"layer_norm {shape}", layer_norm), (f"group_norm {groups} {shape}", group_norm)):
            yield name, shape, lambda x, _, m=make: through(x, epilogue=[m()])
            if len(shape) == 1:
                yield f"dense, {name}", shape, lambda x, _, w=weight, m=make: linear(x, w, epilogue=[m()])
        for name, call in STRUCTURES.items():
            yield f"{name} {C}", (7, 5, C), lambda x, _, f=call: f(x)
    for name, pool in (("max_pool", MaxPool), ("avg_pool", AveragePool)):
        window = Window((3, 3), (2, 2), padding=1)
        yield name, (9, 7, 5), lambda x, _, p=pool, v=window: through(x, epilogue=[p(v)])
    for kind, (settings, activation) in ACTIVATIONS.items():
        if activation is not None:
            for shape in ((7,), (5, 3, 3)):
                part = activation, vars(settings())
                yield f"{kind} {shape}", shape, lambda x, _, p=part: through(x, epilogue=[Pointwise(*p)])
    for K in (2, 5, 10, 100, 1000):
        yield f"softmax {K}", (K,), lambda x, _: softmax(x)
        yield f"cross_entropy {K}", (K,), lambda x, labels: cross_entropy(x, labels=labels % x.array.shape[1])
        yield f"focal {K}", (K,), lambda x, labels: focal(x, labels=labels % x.array.shape[1])
        yield f"binary_cross_entropy {K}", (K,), lambda x, labels: binary_cross_entropy(x, labels=labels % x.shape[1])
        yield f"mse {K}", (K,), lambda x, labels: mse(x, labels=labels % x.array.shape[1])


CLIP_PARTS: dict[str, Callable[[], Part]] = {
    "max_pool3d": lambda: MaxPool3d(ClipWindow((3, 2, 2), (2, 2, 2), padding=1)),
    "avg_pool3d": lambda: AveragePool3d(ClipWindow((3, 2, 2), (2, 2, 2), padding=1)),
    "global_avg_pool": GlobalAveragePool,
    "global_max_pool": GlobalMaxPool,
    "time_avg_pool": TimeAveragePool,
    "time_max_pool": TimeMaxPool,
}


def by_frame(x: Tensor, weight: Tensor) -> Tensor:
    return frames_together(conv2d(frames_apart(x), weight, window=Window((3, 3), padding="same")), frames=5)


def gated(x: Tensor) -> Tensor:
    return channel_gate(x, through(x, epilogue=[GlobalAveragePool()]))


STRUCTURES: dict[str, Callable[[Tensor], Tensor]] = {
    "channel_gate": gated,
    "global_max_pool": lambda x: through(x, epilogue=[GlobalMaxPool()]),
    "concat": lambda x: through(x, epilogue=[Concat([x], [x])]),
    "zero_padding2d": lambda x: through(x, epilogue=[ZeroPad(((1, 0), (0, 2)))]),
}


def running(mean: Tensor, weight: Tensor, bias: Tensor) -> BatchNorm:
    variance = Tensor(np.abs(mean.array) + np.float32(0.1))
    return BatchNorm(weight, bias, (mean, variance), momentum=0.1, epsilon=1e-5, training=False)


def different(row: Row, sizes: Sequence[int] = range(2, PICTURES + 1)) -> str | None:
    """Where a picture's bits change with its company, of so many; nothing if they never do.

    Notes    by default every place in a block of 8 comes, and every length of the last block.
    """
    name, shape, call = row
    x, labels = random(PICTURES, *shape, seed=5), np.arange(PICTURES)

    def bits(places: Array) -> list[bytes]:
        return [y.tobytes() for y in call(Tensor(x[places]), labels[places]).array]

    alone = [bits(labels[i : i + 1])[0] for i in labels]
    for n in sizes:
        if bits(labels[:n]) != alone[:n]:
            return f"{name}: {n} together"
    order = np.random.default_rng(6).permutation(PICTURES)
    if bits(order) != [alone[i] for i in order]:
        return f"{name}: shuffled"
    for place in range(8):
        if bits(np.roll(labels[:8], place)) != [alone[i] for i in np.roll(labels[:8], place)]:
            return f"{name}: turned by {place}"
    return None


def main() -> None:
    print(blas.kernel())
    for row in rows():
        if (found := different(row, EDGES)) is not None:
            print(found)


if __name__ == "__main__":
    main()
