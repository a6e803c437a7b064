"""Our operations through their public interface: recorded and walked back, or unrecorded as at inference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod

import numpy as np

from benchmarks.cases.ops import FORWARD, OPS, ClipConv, Clips, Conv, Dense, OpCase, Outputs, Pictures, Update
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.flat import Flat
from nettrain.arrays.windows import Window
from nettrain.autograd.backward import backward
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Array, Graph, Leaf, Needs, Tensor
from nettrain.config.fields import Chosen
from nettrain.ops.activations import ACTIVATIONS
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
from nettrain.ops.drop_path import DropPath
from nettrain.ops.dropout import Dropout
from nettrain.ops.flatten import flatten
from nettrain.ops.focal import focal
from nettrain.ops.frames import frames_apart
from nettrain.ops.global_average_pool import GlobalAveragePool, TimeAveragePool
from nettrain.ops.global_max_pool import GlobalMaxPool, TimeMaxPool
from nettrain.ops.group_norm import GroupNorm, InstanceNorm
from nettrain.ops.layer_norm import LayerNorm
from nettrain.ops.linear import linear
from nettrain.ops.max_pool import MaxPool
from nettrain.ops.max_pool3d import MaxPool3d
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
from nettrain.optim.lookahead import LookaheadConfig
from nettrain.optim.sgd import SgdConfig
from nettrain.optim.table import OPTIMIZERS, make

Call = Callable[..., Tensor]
TWO = Window((2, 2), (2, 2))


def prepare(job: Job) -> Prepared:
    """The op of this name with random inputs; a name that ends in ``:forward`` has no walk back."""
    name, _, way = job.case.partition(":")
    case = OPS[name]
    if isinstance(case, Update):
        return Prepared(_update(case))
    recorded = way != FORWARD
    call, shapes = MAKERS[type(case)](case, job.batch, recorded)
    random = np.random.default_rng(1)
    arrays = [random.standard_normal(shape).astype(np.float32) for shape in shapes]
    first = getattr(case, "first", False)
    run = _both_ways(call, arrays, first) if recorded else partial(call, *map(Tensor, arrays))
    gradients = (1 if first else 2) if recorded else 0
    images = clips_of(case, job.batch) if isinstance(case, (ClipConv, Clips)) else job.batch
    return Prepared(run, flops=images * flops_a_picture(case) * (1 + gradients), images=images)


def flops_a_picture(case: OpCase) -> float:
    """Of a forward pass; 0 where it is not products that take the time."""
    if isinstance(case, Conv):
        P, Q = _window(case).output_size(case.side, case.side)
        return 2 * P * Q * case.kernel**2 * case.C // case.groups * case.K
    if isinstance(case, ClipConv):
        places = _clip_window(case).output_size(case.frames, case.side, case.side)
        return 2 * prod(places) * prod(case.kernel) * case.C * case.K
    return 2 * case.C * case.K if isinstance(case, Dense) else 0


def clips_of(case: ClipConv | Clips, batch: int) -> int:
    """As many clips as have so many frames, one at least."""
    return max(1, batch // case.frames)


def _both_ways(call: Call, arrays: Sequence[Array], first: bool) -> Callable[[], object]:
    """Forward, and back from a gradient that stays the same; of the very pictures no gradient is wanted."""
    kept: list[Array] = []

    def run() -> object:
        graph = Graph()
        leaves = [Leaf(array) for array in arrays]
        for leaf in leaves:
            leaf.graph = graph
        y = call(graph.input(arrays[0]) if first else leaves[0], *leaves[1:])
        if y.shape == ():
            return backward(y)
        if y.node is None:
            raise TypeError("nothing was recorded to walk back through")
        if not kept:
            kept.append(np.random.default_rng(2).standard_normal(y.array.shape).astype(np.float32))
        return y.node.backward(kept[0], Needs([x.needs_gradient for x in y.node.inputs]))

    return run


def _window(case: Conv) -> Window:
    return Window((case.kernel,) * 2, (case.stride,) * 2, (case.dilation,) * 2, "same")


def _norm(weight: Tensor, bias: Tensor, C: int, training: bool) -> BatchNorm:
    running = Tensor(np.zeros(C, np.float32)), Tensor(np.ones(C, np.float32))
    return BatchNorm(weight, bias, running, momentum=0.1, epsilon=1e-5, training=training)


def _conv(case: Conv, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    window, normed = _window(case), "batch_norm" in case.then

    def call(x: Tensor, weight: Tensor, *rest: Tensor) -> Tensor:
        parts: list[Part] = [_norm(*rest, case.K, recorded)] if normed else [Bias(rest[0])]
        parts += [Pointwise(relu, {})] if "relu" in case.then else []
        parts += [MaxPool(TWO)] if "max_pool" in case.then else []
        return conv2d(x, weight, window=window, groups=case.groups, epilogue=parts)

    filters = (case.kernel, case.kernel, case.C // case.groups, case.K)
    return call, [(batch, case.side, case.side, case.C), filters, *[(case.K,)] * (2 if normed else 1)]


def _dense(case: Dense, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    shapes = [(batch, case.C), (case.C, case.K), (case.K,)]
    return (lambda x, weight, bias: linear(x, weight, epilogue=[Bias(bias)])), shapes


def _pictures(case: Pictures, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    shape, C = (batch, case.side, case.side, case.C), case.C
    if case.what == "add":
        return (lambda x, shortcut: through(x, epilogue=[Add(shortcut)])), [shape, shape]
    if case.what.startswith("concat"):  # of a dense block: six times as many channels come before
        before = (*shape[:3], C if case.what == "concat" else 6 * C)
        return (lambda x, other: through(x, epilogue=[Concat([other])])), [shape, before]
    if case.what == "channel_gate":
        return channel_gate, [shape, (batch, C)]
    if case.what == "batch_norm":
        return (lambda x, w, b: through(x, epilogue=[_norm(w, b, C, recorded)])), [shape, (C,), (C,)]
    if case.what == "prelu":
        return (lambda x, w: through(x, epilogue=[Prelu(w)])), [shape, (C,)]
    if case.what in NORMS:
        return (lambda x, w, b: through(x, epilogue=[NORMS[case.what](w, b)])), [shape, (C,), (C,)]
    return OF_PICTURES[case.what], [shape]


def _clip_window(case: ClipConv) -> ClipWindow:
    return ClipWindow(case.kernel, (case.stride,) * 3, padding="same")


def _clip_conv(case: ClipConv, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    window = _clip_window(case)

    def call(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return conv3d(x, weight, window=window, epilogue=[Bias(bias)])

    clips = (clips_of(case, batch), case.frames, case.side, case.side, case.C)
    return call, [clips, (*case.kernel, case.C, case.K), (case.K,)]


def _clips(case: Clips, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    return OF_CLIPS[case.what], [(clips_of(case, batch), case.frames, case.side, case.side, case.C)]


def _part(make: Callable[[], Part]) -> Call:
    return lambda x: through(x, epilogue=[make()])


NORMS: dict[str, Callable[[Tensor, Tensor], Part]] = {
    "layer_norm": lambda weight, bias: LayerNorm(weight, bias, epsilon=1e-5),
    "group_norm": lambda weight, bias: GroupNorm(weight, bias, groups=8, epsilon=1e-5),
    "instance_norm": lambda weight, bias: InstanceNorm(weight, bias, epsilon=1e-5),
}
OF_PICTURES: dict[str, Call] = {
    "max_pool2": _part(lambda: MaxPool(TWO)),
    "max_pool3-stride2": _part(lambda: MaxPool(Window((3, 3), (2, 2), padding=1))),
    "avg_pool2": _part(lambda: AveragePool(TWO)),
    "global_avg_pool": _part(GlobalAveragePool),
    "global_max_pool": _part(GlobalMaxPool),
    "zero_padding2d": _part(lambda: ZeroPad(((1, 1), (1, 1)))),
    "drop_path": _part(lambda: DropPath(0.5, seed=1, layer="layers.0", epoch=0, start=0)),
    "dropout": _part(lambda: Dropout(0.5, seed=1, layer="layers.0", epoch=0, start=0)),
    "option_a": lambda x: option_a(x, stride=(2, 2), channels=2 * int(x.shape[3])),
    "flatten": flatten,
    **{kind: _part(partial(Pointwise, row[1], {})) for kind, row in ACTIVATIONS.items() if row[1] is not None},
}


CORNER = ClipWindow((2, 2, 2), (2, 2, 2))
OF_CLIPS: dict[str, Call] = {
    "max_pool3d-2": _part(lambda: MaxPool3d(CORNER)),
    "max_pool3d-3-stride2": _part(lambda: MaxPool3d(ClipWindow((3, 3, 3), (2, 2, 2), padding=1))),
    "avg_pool3d-2": _part(lambda: AveragePool3d(CORNER)),
    "global_avg_pool-clips": _part(GlobalAveragePool),
    "global_max_pool-clips": _part(GlobalMaxPool),
    "time_avg_pool": _part(TimeAveragePool),
    "time_max_pool": _part(TimeMaxPool),
    "frames_apart": frames_apart,
}


def _outputs(case: Outputs, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    labels = np.random.default_rng(3).integers(0, case.K, batch)
    several = np.random.default_rng(3).random((batch, case.K)) < 0.05
    weights = np.linspace(0.5, 2, case.K, dtype=np.float32)[labels]

    def dear(outputs: Tensor) -> Tensor:
        return mean(weighted(cross_entropy(outputs, labels=labels), weights=weights))

    of_outputs: dict[str, Call] = {
        "softmax": softmax,
        "cross_entropy": lambda outputs: mean(cross_entropy(outputs, labels=labels)),
        "cross_entropy-weighted": dear,
        "focal": lambda outputs: mean(focal(outputs, labels=labels)),
        "binary_cross_entropy": lambda outputs: mean(binary_cross_entropy(outputs, labels=several)),
        "mse": lambda outputs: mean(mse(outputs, labels=labels)),
    }
    return of_outputs[case.what], [(batch, case.K)]


def _update(case: Update) -> Callable[[], object]:
    sgd = Chosen("sgd", SgdConfig(momentum=0.9))
    inside = {"sgd": sgd, "lookahead": Chosen("lookahead", LookaheadConfig(optimizer=sgd))}
    chosen = inside.get(case.optimizer) or Chosen(case.optimizer, OPTIMIZERS[case.optimizer][0]())
    weights, gradients = (Flat({"layers.0.weight": case.shape}) for _ in range(2))
    gradients.array[:] = np.random.default_rng(1).standard_normal(gradients.array.size)
    optimizer = make(chosen, weights)
    return lambda: optimizer.step(gradients, 1e-3)


MAKERS: dict[type[OpCase], Callable[..., tuple[Call, list[tuple[int, ...]]]]] = {
    Conv: _conv,
    Dense: _dense,
    Pictures: _pictures,
    ClipConv: _clip_conv,
    Clips: _clips,
    Outputs: _outputs,
}
