"""How much memory a training step will take, from shapes alone."""

from __future__ import annotations

from collections.abc import Iterator

from nettrain.autograd.tensor import Graph, Node, Spec, volume
from nettrain.model.layer import Pass
from nettrain.model.network import Network

FLOAT_BYTES = 4
START_BYTES = 54_000_000  # Python, NumPy, Pillow, and what threads hold of a few pieces; measured
CONVOLUTION_BYTES = 25_000_000  # what two threads unfold pieces to, and the lanes' sums of filters; measured
ROUNDED_UP = 1.125  # blocks of pooled memory come in four sizes an octave: about an eighth is left over


def step_bytes(network: Network, batch: int) -> int:
    """Bytes at the height of a step on ``batch`` pictures, weights and optimizer apart.

    Notes    A dry run of the very layers: what every operation returns and its parts keep, the batch itself twice (one
             is made ahead), and once more the largest of these, which the walk back makes anew.
    """
    graph = Graph()
    shape = (batch, *network.input_shape)
    nodes = list(_nodes(network(graph.input(Spec(shape)), Pass(training=True)).node))
    outputs = [_numbers(node.output) for node in nodes]
    widest = max((_numbers(node.output) + node.kept for node in nodes), default=0)
    numbers = 2 * _numbers(Spec(shape)) + sum(outputs) + sum(node.kept for node in nodes) + widest
    filters = any(len(parameter.shape) == 4 for parameter in network.parameters.values())
    return START_BYTES + (CONVOLUTION_BYTES if filters else 0) + int(FLOAT_BYTES * ROUNDED_UP * numbers)


def _nodes(last: Node | None) -> Iterator[Node]:
    seen: set[int] = set()
    todo = [last]
    while todo:
        node = todo.pop()
        if node is not None and node.number not in seen:
            seen.add(node.number)
            yield node
            todo += [source.node for source in node.inputs]


def _numbers(spec: Spec) -> int:
    size = volume(spec.shape)
    return size if isinstance(size, int) else 0
