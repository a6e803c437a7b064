"""Back-propagation: the recorded graph walked once, last operation first, by the chain rule, without recursion.

Source   Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors", 1986.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from nettrain.arrays.memory import owner_of
from nettrain.autograd.clock import UNTIMED
from nettrain.autograd.op import NonFinite
from nettrain.autograd.signature import ShapeError
from nettrain.autograd.tensor import Array, Leaf, Needs, Node, Tensor
from nettrain.autograd.walk import last_first

Gradients = dict[Leaf, Array]


def backward(loss: Tensor, homes: Mapping[str, Array] = MappingProxyType({})) -> Gradients:
    """The gradient of a scalar loss by every trained tensor that it depends on.

    Shapes   ``homes`` may have memory for the gradient of a trained tensor, by its name and of its shape. A gradient
             lies there if its op could write it there and it is the only term; otherwise the memory is as it may be.

    Errors   ``ShapeError`` if the loss is not a single number or was not recorded; ``NonFinite`` in a checked graph.
    Notes    Contributions to one tensor are added in the order of recording, so the bits are always the same. A
             gradient is added to in place only if nobody else holds its memory; only then may an op write the ``g``
             that it is given.
    """
    if loss.shape != () or loss.node is None:
        raise ShapeError(f"backward: expected a recorded loss of shape (), got {loss.shape}")
    checked = loss.graph is not None and loss.graph.checked
    clock = UNTIMED if loss.graph is None else loss.graph.clock
    pending: dict[Node | Leaf, _Sum] = {}
    held: Counter[int] = Counter()
    _give(pending, held, loss.node, np.ones((), loss.array.dtype))
    nodes = last_first(loss.node)
    clock.lap("other")
    for node in nodes:  # what a node kept is freed as soon as it has been used
        g = pending.pop(node).take(held)
        needs = Needs(
            [x.needs_gradient for x in node.inputs],
            owned=held[owner_of(g)] == 0 and g.flags.writeable,
            onto=[_open_sum(pending, held, source, g) for source in node.inputs],
            homes=[_home(homes, pending, source) for source in node.inputs],
        )
        with np.errstate(all="ignore"):  # what is not finite is found by looking, not by a warning
            results = node.backward(g, needs)
        held.update(owner_of(gradient) for gradient in results if gradient is not None)
        for source, gradient, onto in zip(node.inputs, results, needs.onto, strict=True):
            if gradient is not None:
                held[owner_of(gradient)] -= 1
            target = _target(source)
            if target is None:
                continue
            if gradient is None:
                raise ShapeError(f"{node.op}: no gradient came back for an input that needs one")
            if gradient.shape != source.shape:
                raise ShapeError(f"{node.op}: a gradient has shape {gradient.shape}, its input {source.shape}")
            if checked and not np.isfinite(gradient).all():
                what = f"the gradient of {source.name}" if isinstance(source, Leaf) else f"a gradient out of {node.op}"
                raise NonFinite(f"{node.layer or node.op}: {what} is not finite")
            if onto is None or gradient is not onto:  # else the op has added its term itself
                _give(pending, held, target, gradient)
        node.release()
        del g, results
        clock.backward(node.layer, node.op, node.parts, int(node.flops[1]))
    return {leaf: sums.array for leaf, sums in pending.items() if isinstance(leaf, Leaf)}


def _target(source: Tensor) -> Node | Leaf | None:
    """Whose gradient is added up for this tensor."""
    return source if isinstance(source, Leaf) else source.node


def _open_sum(pending: dict[Node | Leaf, _Sum], held: Counter[int], source: Tensor, g: Array) -> Array | None:
    """The sum so far for this tensor, if an op that reads ``g`` may add to it."""
    target = _target(source)
    if target is None or target not in pending:
        return None
    sums = pending[target]
    return sums.array if sums.writeable(held) and owner_of(sums.array) != owner_of(g) else None


def _home(homes: Mapping[str, Array], pending: dict[Node | Leaf, _Sum], source: Tensor) -> Array | None:
    """Where the first gradient of a trained tensor is wanted."""
    return homes.get(source.name) if isinstance(source, Leaf) and source not in pending else None


class _Sum:
    """The gradient of one tensor so far."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def writeable(self, held: Counter[int]) -> bool:
        return held[owner_of(self.array)] == 1 and self.array.flags.writeable

    def add(self, term: Array, held: Counter[int]) -> None:
        mine = owner_of(self.array)
        if self.writeable(held) and owner_of(term) != mine:
            self.array += term
        else:
            held[mine] -= 1
            self.array = self.array + term
            held[owner_of(self.array)] += 1

    def take(self, held: Counter[int]) -> Array:
        held[owner_of(self.array)] -= 1
        return self.array


def _give(pending: dict[Node | Leaf, _Sum], held: Counter[int], target: Node | Leaf, gradient: Array) -> None:
    if target in pending:
        pending[target].add(gradient, held)
    else:
        pending[target] = _Sum(gradient)
        held[owner_of(gradient)] += 1
