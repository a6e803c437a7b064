"""What each layer of a network costs, from shapes alone: parameters, operations, memory that a training keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from nettrain.autograd.tensor import Dim, Graph, Shape, Spec, volume
from nettrain.autograd.walk import last_first
from nettrain.model.layer import Parameter, Pass
from nettrain.model.network import Network

FLOAT_BYTES = 4


@dataclass(frozen=True)
class LayerCost:
    """A layer: its output (without N) and what it takes; a number may depend on ``classes``.

    Units    ``flops`` of products, forward for one picture, by the direct method, two a multiply-add; ``kept_bytes``
             what training keeps of one picture for the walk back. What runs inside the layer before is counted there.
    """

    name: str
    kind: str
    output: Shape
    parameters: Dim
    flops: Dim
    kept_bytes: Dim


def layer_costs(network: Network) -> list[LayerCost]:
    """Every layer's cost, by a dry run of the very layers on one picture."""
    graph = Graph()
    outputs = network(graph.input(Spec((1, *network.input_shape))), Pass(training=True))
    flops: dict[str, list[Dim]] = {layer.name: [] for layer in network.layers}
    kept: dict[str, list[Dim]] = {layer.name: [] for layer in network.layers}
    for node in last_first(outputs.node):
        layer = ".".join(node.layer.split(".")[:2])  # a layer inside a block counts for the block
        flops[layer].append(node.flops[0])
        kept[layer] += [volume([FLOAT_BYTES, *node.output.shape]), FLOAT_BYTES * node.kept]
    return [
        LayerCost(
            layer.name,
            kind,
            shape,
            sum_of(volume(tensor.shape) for _, tensor in layer.tensors() if isinstance(tensor, Parameter)),
            sum_of(flops[layer.name]),
            sum_of(kept[layer.name]),
        )
        for layer, kind, shape in zip(network.layers, network.kinds, network.shapes, strict=True)
    ]


def sum_of(counts: Iterable[Dim]) -> Dim:
    """A sum in which some terms may depend on the number of classes: ``640 + 65*classes``."""
    sums: Counter[str] = Counter()  # for each product of symbols, the empty one among them
    for count in counts:
        for term in str(count).split(" + "):
            factors = term.split("*")
            known = int(factors.pop(0)) if factors[0].isdecimal() else 1
            sums["*".join(factors)] += known
    if set(sums) <= {""}:
        return sums[""]
    terms = [(symbols, known) for symbols, known in sorted(sums.items()) if known]
    return " + ".join(
        symbols if symbols and known == 1 else f"{known}*{symbols}".rstrip("*") for symbols, known in terms
    )
