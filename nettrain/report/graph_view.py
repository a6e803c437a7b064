"""What a picture of the recorded graph shows: its operations with their parts, and what joins them, there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nettrain.autograd.signature import show
from nettrain.autograd.tensor import Graph, Leaf, Spec, Tensor
from nettrain.autograd.walk import last_first
from nettrain.model.layer import Parameter, Pass
from nettrain.model.network import Network

PICTURES = 0  # the number of what goes in


@dataclass(frozen=True, slots=True)
class Operation:
    """A node of the graph: what it computes, of which layer, from which others, and the parts of its epilogue.

    Notes    ``parameters`` are (name within the layer, shape); ``learns`` is true where a gradient comes back through
             it, ``passes_back`` of the sources that get one from it.
    """

    number: int
    op: str
    layer: str
    parts: tuple[str, ...]
    shape: str
    sources: tuple[int, ...]
    parameters: tuple[tuple[str, str], ...]
    learns: bool
    passes_back: tuple[int, ...]


def operations(network: Network, loss: Callable[[Tensor], Tensor]) -> list[Operation]:
    """The graph of a training step, in the order of recording, from the pictures to the mean loss; nothing is computed.

    Notes    The pictures are recorded as if they were trained, so that what happens to them before the first weight is
             there too; that no gradient is computed for it in a training, ``learns`` says.
    """
    graph = Graph()
    pictures = Leaf(Spec(("N", *network.input_shape)), "pictures")
    pictures.graph = graph
    last = loss(network(pictures, Pass(training=True))).node
    found = [Operation(PICTURES, "pictures", "", (), show(pictures.shape), (), (), False, ())]
    learning: set[int] = set()
    for node in reversed(last_first(last)):
        sources: tuple[int, ...] = ()
        for source in node.inputs:
            if source is pictures:
                sources += (PICTURES,)
            elif source.node is not None:
                sources += (source.node.number,)
        mine = [tensor for tensor in node.inputs if isinstance(tensor, Parameter)]
        names = tuple((tensor.name.removeprefix(f"{node.layer}."), show(tensor.shape)) for tensor in mine)
        if mine or learning.intersection(sources):
            learning.add(node.number)
        back = tuple(number for number in sources if number in learning)
        learns = node.number in learning
        shape = show(node.output.shape)
        found.append(Operation(node.number, node.op, node.layer, node.parts, shape, sources, names, learns, back))
    return found
