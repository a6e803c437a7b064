"""The tensor: an array, or only its shape, with its place in the graph; and the record of that graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from nettrain.autograd.clock import UNTIMED, Clock

Array = npt.NDArray[Any]
Dim = int | str  # a length, or the name of one that is not known yet: "N" pictures, "classes"
Shape = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of an array before there is one: its dtype and shape, with ``"N"`` and ``"classes"`` as symbols."""

    shape: Shape
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float32))


class Needs(tuple[bool, ...]):
    """Which inputs need a gradient; ``owned`` says that nobody else will read ``g``, so it may be written.

    ``onto`` has, for each input, the sum of its gradients so far, where there is one that may be written. An op may add
    its own to it, piece by piece, and return that very array; whoever does not returns its gradient as ever. ``homes``
    has, for each input, memory where its gradient is wanted in the end, if nothing stands there yet: an op may write
    all of it there and return that very array, which saves a copy.
    """

    owned: bool
    onto: tuple[Array | None, ...]
    homes: tuple[Array | None, ...]

    def __new__(
        cls,
        flags: Sequence[bool],
        owned: bool = False,
        onto: Sequence[Array | None] = (),
        homes: Sequence[Array | None] = (),
    ) -> Needs:
        needs = super().__new__(cls, flags)
        needs.owned = owned
        needs.onto = tuple(onto) or (None,) * len(needs)
        needs.homes = tuple(homes) or (None,) * len(needs)
        return needs


Backward = Callable[[Array, Needs], Sequence[Array | None]]


class Proposal(Protocol):
    """A change of a buffer that a layer asks for; nothing happens before ``apply``, which the commit calls."""

    def apply(self) -> None: ...

    def finite(self) -> bool: ...

    def by(self, share: float) -> Proposal:
        """The same change, a running average being moved by this share of the way."""
        ...


class Tensor:
    """A value in the network: an array, or a ``Spec`` in a dry run.

    Notes    ``graph`` is set while a forward pass is recorded; ``node`` is the operation that made the tensor, if a
             gradient can flow through it. A tensor with neither is a plain value.
    """

    __slots__ = ("__weakref__", "graph", "node", "value")
    trained = False

    def __init__(self, value: Array | Spec, graph: Graph | None = None, node: Node | None = None) -> None:
        self.value = value
        self.graph = graph
        self.node = node

    @property
    def shape(self) -> Shape:
        return self.value.shape

    @property
    def array(self) -> Array:
        """The array; a dry run has none."""
        if isinstance(self.value, Spec):
            raise TypeError(f"a dry run has shapes only, no array: {self.value.shape}")
        return self.value

    @property
    def needs_gradient(self) -> bool:
        return self.trained or self.node is not None


class Leaf(Tensor):
    """A tensor that is trained: the walk back ends here and its gradient is kept."""

    __slots__ = ("name",)
    trained = True

    def __init__(self, value: Array | Spec, name: str = "") -> None:
        super().__init__(value)
        self.name = name


@dataclass(eq=False, slots=True)
class Node:
    """One recorded operation. ``number`` is its place in the order of recording; only its inputs are pointed at."""

    number: int
    op: str
    layer: str
    parts: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    output: Spec
    backward: Backward
    kept: int = 0  # numbers that the parts keep for the walk back; known in a dry run
    # forward and back, of the direct method; known in a dry run, and to a clock that asks
    flops: tuple[Dim, Dim] = (0, 0)

    def release(self) -> None:
        """Let go of everything kept for the walk back, which has passed."""
        self.inputs = ()
        self.backward = _walked


def _walked(g: Array, needs: Needs) -> Sequence[Array | None]:
    raise TypeError("this graph has been walked back already; record it again")


class Graph:
    """One recording: what goes in through ``input`` is recorded as it flows through operations.

    The nodes hang on the tensors and point at their inputs only, so a graph is freed without the garbage collector as
    soon as its last tensor is dropped. The graph itself counts them, collects proposals, and says which layer is
    running. With ``checked`` every result is looked at and the first that is not finite is an error that names it.
    The ``clock`` is told of every operation, forward and back.
    """

    __slots__ = ("checked", "clock", "layer", "nodes", "proposals")

    def __init__(self, *, checked: bool = False, clock: Clock = UNTIMED) -> None:
        self.nodes = 0
        self.layer = ""
        self.proposals: list[Proposal] = []
        self.checked = checked
        self.clock = clock

    def input(self, value: Array | Spec) -> Tensor:
        """A tensor that starts a recording; it needs no gradient itself."""
        return Tensor(value, graph=self)

    def record(
        self,
        op: str,
        parts: tuple[str, ...],
        inputs: tuple[Tensor, ...],
        output: Spec,
        backward: Backward,
        kept: int,
        flops: tuple[Dim, Dim],
    ) -> Node:
        self.nodes += 1
        return Node(self.nodes, op, self.layer, parts, inputs, output, backward, kept, flops)


def spec_of(value: Array | Spec) -> Spec:
    """The shape and dtype of an array or of a ``Spec``."""
    return value if isinstance(value, Spec) else Spec(value.shape, value.dtype)


def volume(shape: Sequence[Dim]) -> Dim:
    """The number of elements of a shape; with symbols among the lengths a product as text: ``32*N``."""
    symbols = [dim for dim in shape if isinstance(dim, str)]
    known = math.prod(dim for dim in shape if isinstance(dim, int))
    if not symbols:
        return known
    return "*".join(symbols if known == 1 else [str(known), *symbols])
