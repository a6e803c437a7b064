"""How much memory a training step will take, from shapes alone."""

from __future__ import annotations

from nettrain.arrays.convolution.kernel import PIECE_BYTES
from nettrain.arrays.convolution.toom_cook import OUTPUTS
from nettrain.arrays.convolution.winograd import MOST_NUMBERS, PAIRS
from nettrain.arrays.threads import get_threads
from nettrain.autograd.tensor import Graph, Node, Shape, Spec, volume
from nettrain.autograd.walk import last_first
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.ops.batch_norm import BatchNorm

FLOAT_BYTES = 4
COLLECTING = BatchNorm.name
START_BYTES = 54_000_000  # Python, NumPy, Pillow, and what threads hold of a few pieces; measured
LANES_BYTES = 14_000_000  # the sums of filters that lanes hold between two convolutions; measured
ROUNDED_UP = 1.125  # blocks of pooled memory come in four sizes an octave: about an eighth is left over


def step_bytes(network: Network, batch: int) -> int:
    """Bytes at the height of a step on ``batch`` pictures, weights and optimizer apart.

    Notes    A dry run of the very layers: what every operation returns and its parts keep, the batch itself twice (one
             is made ahead), and once more the largest of these, which the walk back makes anew: with what is kept, if
             a part looks at the whole gradient first.
    """
    graph = Graph()
    shape = (batch, *network.input_shape)
    nodes = last_first(network(graph.input(Spec(shape)), Pass(training=True)).node)
    outputs = [_numbers(node.output) for node in nodes]
    widest = max((_numbers(node.output) + node.kept * (COLLECTING in node.parts) for node in nodes), default=0)
    numbers = 2 * _numbers(Spec(shape)) + sum(outputs) + sum(node.kept for node in nodes) + widest
    return START_BYTES + _scratch(nodes, min(get_threads(), batch)) + int(FLOAT_BYTES * ROUNDED_UP * numbers)


def _scratch(nodes: list[Node], threads: int) -> int:
    """What so many threads hold of convolutions, the widest deciding: pieces at their points, or padded, in bands."""
    pictures = [
        FLOAT_BYTES * max(_picture(node.output.shape), _picture(node.inputs[0].shape))
        for node in nodes
        if node.op == "conv2d"
    ]
    if not pictures:
        return 0
    at_points = max(PIECE_BYTES, int(max(pictures) * PAIRS / OUTPUTS**2))
    of_a_thread = 3 * at_points if at_points <= FLOAT_BYTES * MOST_NUMBERS else 2 * max(pictures) + 3 * PIECE_BYTES
    return LANES_BYTES + threads * of_a_thread


def _picture(shape: Shape) -> int:
    """The numbers of one picture."""
    return _numbers(Spec(shape[1:]))


def _numbers(spec: Spec) -> int:
    size = volume(spec.shape)
    return size if isinstance(size, int) else 0
