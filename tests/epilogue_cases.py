"""Epilogues by the names of their parts, such as ("bias", "relu", "add"): run joined to a core, or one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from op_cases import EPSILON, POOL
from promises import Array
from small_ops import times, total

from nettrain.arrays.windows import Window
from nettrain.autograd.backward import backward
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Graph, Leaf, Needs, Tensor
from nettrain.ops.add import Add
from nettrain.ops.average_pool import AveragePool
from nettrain.ops.batch_norm import BatchNorm
from nettrain.ops.bias import Bias
from nettrain.ops.concat import Concat
from nettrain.ops.conv2d import conv2d
from nettrain.ops.drop_path import DropPath
from nettrain.ops.dropout import Dropout
from nettrain.ops.gelu import gelu
from nettrain.ops.global_average_pool import GlobalAveragePool
from nettrain.ops.global_max_pool import GlobalMaxPool
from nettrain.ops.group_norm import GroupNorm
from nettrain.ops.layer_norm import LayerNorm
from nettrain.ops.linear import linear
from nettrain.ops.max_pool import MaxPool
from nettrain.ops.pointwise import Pointwise
from nettrain.ops.prelu import Prelu
from nettrain.ops.relu import relu
from nettrain.ops.through import through
from nettrain.ops.zero_pad import ZeroPad

WIDTH = 2  # channels of what every core makes
DIFFERENT = ("bias", "relu", "gelu", "add", "norm", "dropout", "nothing")  # each keeps and writes in a way of its own
ROWS = (*DIFFERENT, "prelu", "layer_norm", "group_norm")  # parts that take rows as well as pictures
POOLS = ("max_pool", "avg_pool", "global_avg_pool")
PICTURES = (*ROWS, *POOLS)
MORE = ("drop_path", "concat", "zero_pad", "global_max_pool")  # like some of those above, so tried with one neighbour
SETTINGS = {"momentum": 0.1, "epsilon": EPSILON}

Names = tuple[str, ...]


def fits(names: Names) -> bool:
    """Whether what comes after a mean of whole pictures, which leaves rows, takes rows."""
    ends = [place for place, name in enumerate(names) if name.startswith("global")]
    return not ends or set(names[ends[0] + 1 :]) <= {*ROWS, "drop_path", "concat"}


@dataclass(frozen=True)
class Core:
    """What an epilogue is joined to: an op, with the shapes of its inputs (N first) and of one picture out."""

    call: Callable[..., Tensor]
    inputs: dict[str, tuple[int | str, ...]]
    shape: tuple[int, ...]


THREE = Window((3, 3), padding="same")
CORES = {
    "through": Core(through, {"x": ("N", 8, 8, WIDTH)}, (8, 8, WIDTH)),
    "conv2d": Core(
        lambda x, weight, **more: conv2d(x, weight, window=THREE, **more),
        {"x": ("N", 8, 8, 5), "weight": (3, 3, 5, WIDTH)},
        (8, 8, WIDTH),
    ),
    "linear": Core(linear, {"x": ("N", 5), "weight": (5, WIDTH)}, (WIDTH,)),
}


class Epilogue:
    """An epilogue on a core and ``pictures`` of random numbers in float64; nobody may write what is handed in."""

    def __init__(self, core: str, names: Names, pictures: int) -> None:
        self.core, self.names = CORES[core], names
        self._random = np.random.default_rng(1)
        self.arrays = {
            name: self._numbers(*(pictures if dim == "N" else int(dim) for dim in shape))
            for name, shape in self.core.inputs.items()
        }
        self._makers: list[Callable[..., Part]] = []
        self._inputs: list[list[str]] = []  # of each part
        shape = (pictures, *self.core.shape)
        for place, name in enumerate(names):
            shape = self._add(name, f"{place} {name}", shape)
        self.shape = shape

    def _numbers(self, *shape: int) -> Array:
        array = self._random.normal(size=shape)
        array.flags.writeable = False
        return array

    def _add(self, name: str, label: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One more part; returns the shape that leaves it."""
        wanted: dict[str, tuple[int, ...]] = {}
        leaves, width = shape, shape[-1]
        if name in ("norm", "training norm"):
            wanted = {"scale": (width,), "shift": (width,)}
            mean, var = self._numbers(width), np.abs(self._numbers(width)) + 0.5
            training = name != "norm"

            def maker(*tensors: Tensor) -> Part:
                scale, shift = tensors
                return BatchNorm(scale, shift, (Tensor(mean), Tensor(var)), training=training, **SETTINGS)

        elif name == "nothing":  # what dropout is where nothing is trained
            maker = Part
        elif name == "bias":
            wanted, maker = {"bias": (width,)}, Bias
        elif name in ("layer_norm", "group_norm"):
            wanted = {"scale": (width,), "shift": (width,)}
            maker = {"layer_norm": LayerNorm, "group_norm": partial(GroupNorm, groups=1)}[name]
            maker = partial(maker, epsilon=EPSILON)
        elif name == "prelu":
            wanted, maker = {"slope": (width,)}, Prelu
        elif name == "add":
            wanted, maker = {"shortcut": shape}, Add
        elif name in ("relu", "gelu"):
            activation = {"relu": relu, "gelu": gelu}[name]
            maker = lambda: Pointwise(activation, {})  # noqa: E731
        elif name == "dropout":
            maker = lambda: Dropout(0.4, seed=3, layer=label, epoch=2, start=10)  # noqa: E731
        elif name == "drop_path":
            maker = lambda: DropPath(0.4, seed=3, layer=label, epoch=2, start=10)  # noqa: E731
        elif name == "concat":
            wanted = {"before": (*shape[:-1], 1), "after": (*shape[:-1], 3)}
            maker = lambda before, after: Concat([before], [after])  # noqa: E731
            leaves = (*shape[:-1], width + 4)
        elif name == "zero_pad":
            maker = lambda: ZeroPad(((1, 0), (0, 2)))  # noqa: E731
            leaves = (shape[0], shape[1] + 1, shape[2] + 2, width)
        elif name.startswith("global"):
            maker = {"global_avg_pool": GlobalAveragePool, "global_max_pool": GlobalMaxPool}[name]
            leaves = (shape[0], width)
        else:
            kind = {"max_pool": MaxPool, "avg_pool": AveragePool}[name]
            maker = lambda: kind(POOL)  # type: ignore[abstract]  # noqa: E731
            leaves = (shape[0], shape[1] // 2, shape[2] // 2, width)
        self.arrays |= {f"{label} {tensor}": self._numbers(*size) for tensor, size in wanted.items()}
        self._makers.append(maker)
        self._inputs.append([f"{label} {tensor}" for tensor in wanted])
        return leaves

    def _tensors(self, graph: Graph | None) -> dict[str, Tensor]:
        if graph is None:
            return {name: Tensor(array) for name, array in self.arrays.items()}
        leaves = {name: Leaf(array, name) for name, array in self.arrays.items()}
        for leaf in leaves.values():
            leaf.graph = graph
        return dict(leaves)

    def _parts(self, tensors: dict[str, Tensor]) -> list[Part]:
        return [
            maker(*(tensors[name] for name in names)) for maker, names in zip(self._makers, self._inputs, strict=True)
        ]

    def joined(self, *, recorded: bool) -> Tensor:
        """The core with the epilogue."""
        tensors = self._tensors(Graph() if recorded else None)
        return self.core.call(*(tensors[name] for name in self.core.inputs), epilogue=self._parts(tensors))

    def apart(self, *, recorded: bool) -> Tensor:
        """The core alone, then each part alone."""
        tensors = self._tensors(Graph() if recorded else None)
        y = self.core.call(*(tensors[name] for name in self.core.inputs))
        for part in self._parts(tensors):
            y = through(y, epilogue=[part])
        return y

    def gradient(self) -> Array:
        """A gradient of the result that nobody may write."""
        g = np.random.default_rng(2).normal(size=self.shape)
        g.flags.writeable = False
        return g


def by_leaf(y: Tensor, g: Array) -> dict[str, Array]:
    """The gradients of all inputs, by the walk back over all nodes."""
    return {leaf.name: gradient for leaf, gradient in backward(total(times(y, Tensor(g)))).items()}


def by_node(y: Tensor, g: Array, *, owned: bool, only: Sequence[str] | None = None) -> dict[str, Array]:
    """The gradients of the inputs of the op that made ``y``, of all or of some."""
    assert y.node is not None
    names = [leaf.name for leaf in y.node.inputs if isinstance(leaf, Leaf)]
    gradients = y.node.backward(g, Needs([only is None or name in only for name in names], owned=owned))
    return {name: gradient for name, gradient in zip(names, gradients, strict=True) if gradient is not None}
