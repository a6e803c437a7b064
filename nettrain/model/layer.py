"""What a layer is: settings, parameters (trained), buffers (saved, not trained), and a call from tensor to tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Leaf, Shape, Spec, Tensor
from nettrain.config.fields import Chosen
from nettrain.ops.through import through

Build = Callable[[Sequence[Chosen], Shape], "tuple[list[Layer], Shape]"]  # makes the layers inside a container


@dataclass(frozen=True, slots=True)
class Pass:
    """What a layer may know of the pass it is in: nothing else decides what it does.

    ``start`` is the position in the epoch of the batch's first picture; with ``seed`` and ``epoch`` it keys all
    randomness.
    """

    training: bool
    seed: int = 0
    epoch: int = 0
    step: int = 0
    start: int = 0


class Parameter(Leaf):
    """A trained tensor: a shape and an initialiser until the network is materialised.

    ``fans`` are (fan_in, fan_out): how many numbers flow into and out of each of its outputs and inputs.
    """

    __slots__ = ("fans", "init")

    def __init__(self, shape: Shape, init: Chosen, fans: tuple[int, int] = (1, 1)) -> None:
        super().__init__(Spec(shape))
        self.init = init
        self.fans = fans


class Buffer(Tensor):
    """A saved tensor that is not trained; only a committed proposal changes it."""

    __slots__ = ("name", "start")

    def __init__(self, shape: Shape, start: float) -> None:
        super().__init__(Spec(shape))
        self.name = ""
        self.start = start

    def materialise(self, dtype: np.dtype[Any]) -> None:
        """Give it memory, filled with its first value."""
        self.value = np.full([int(dim) for dim in self.shape], self.start, dtype)


class LayerFault(ValueError):
    """Settings of a layer that do not fit what arrives; ``setting`` is the key, under the layer's, where it shows."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting


class Layer:
    """Base of every layer. Subclasses take ``(settings, shape)``, the shape of one picture's input, without N."""

    takes: ClassVar[str] = "(...)"
    has_epilogue: ClassVar[bool] = False
    name: str = ""

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        """The output for ``x``; ``after`` are parts of later layers that run in this layer's epilogue."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes")

    def children(self) -> Iterator[tuple[str, Layer]]:
        """The layers inside, with the names that lead to them."""
        for name, value in vars(self).items():
            if isinstance(value, Layer):
                yield name, value
            elif isinstance(value, (list, tuple)):
                yield from ((f"{name}.{i}", item) for i, item in enumerate(value) if isinstance(item, Layer))

    def tensors(self) -> Iterator[tuple[str, Parameter | Buffer]]:
        """Every parameter and buffer inside with its full name, such as ``layers.3.norm.weight``."""
        prefix = f"{self.name}." if self.name else ""
        for name, value in vars(self).items():
            if isinstance(value, (Parameter, Buffer)):
                yield prefix + name, value
        for _, child in self.children():
            yield from child.tensors()

    def give_names(self, name: str = "") -> None:
        """Name this layer and all inside by the way that leads to them."""
        self.name = name
        for step, child in self.children():
            child.give_names(f"{name}.{step}" if name else step)


class PartLayer(Layer):
    """A layer that is a part of an epilogue: it runs inside the layer before it, or through the identity."""

    has_epilogue = True
    collects: ClassVar[bool] = False

    def part(self, now: Pass) -> Part:
        """This layer's part for one pass."""
        raise NotImplementedError(f"{type(self).__name__} does not say which part it is")

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        return through(x, epilogue=[self.part(now), *after])
