"""How much memory a training step will take, from shapes alone."""

from __future__ import annotations

from nettrain.arrays.convolution.kernel import PIECE_BYTES, pictures_of
from nettrain.arrays.convolution.toom_cook import OUTPUTS, TAPS
from nettrain.arrays.convolution.winograd import MOST_NUMBERS, PAIRS
from nettrain.arrays.pieces import Lanes
from nettrain.arrays.threads import get_threads
from nettrain.autograd.tensor import Graph, Node, Shape, Spec, volume
from nettrain.autograd.walk import last_first
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.ops.batch_norm import BatchNorm

FLOAT_BYTES = 4
COLLECTING = BatchNorm.name
START_BYTES = 54_000_000  # Python, NumPy, Pillow, and what threads hold of a few pieces; measured
SAME_BLOCKS = 0.8  # of a batch: one that is at least so large mostly finds blocks of its sizes
ROUNDED_UP = 1.125  # blocks of pooled memory come in four sizes an octave: about an eighth is left over


def step_bytes(network: Network, batch: int, last: int = 0, more: int = 0) -> int:
    """Bytes at the height of a step on ``batch`` pictures, weights and optimizer apart; an epoch's last has ``last``.

    Notes    A dry run of the very layers: what every operation returns and its parts keep, the batch itself twice (one
             is made ahead; in either ``more`` pictures, that others are mixed with), and once more the largest of
             these, which the walk back makes anew: with what is kept, if a part looks at the whole gradient first. A
             last batch that is much smaller finds no blocks of its sizes, and gets its own.
    """
    graph = Graph()
    shape = (batch, *network.input_shape)
    nodes = last_first(network(graph.input(Spec(shape)), Pass(training=True)).node)
    outputs = [_numbers(node.output) for node in nodes]
    widest = max((_numbers(node.output) + node.kept * (COLLECTING in node.parts) for node in nodes), default=0)
    made = (batch + more, *network.input_shape)
    numbers = 2 * _numbers(Spec(made)) + sum(outputs) + sum(node.kept for node in nodes) + widest
    if last < SAME_BLOCKS * batch:
        numbers += numbers * last // batch
    held = _scratch(nodes, min(get_threads(), batch)) + _lanes(nodes, batch)
    return START_BYTES + held + int(FLOAT_BYTES * ROUNDED_UP * numbers)


def judging_bytes(network: Network, batch: int) -> int:
    """Bytes that inference on ``batch`` pictures takes beside a training: its widest layer, what goes in and out."""
    graph = Graph()
    nodes = last_first(network(graph.input(Spec((batch, *network.input_shape))), Pass(training=True)).node)
    widest = max((_numbers(Spec(node.inputs[0].shape)) + _numbers(node.output) for node in nodes), default=0)
    return int(FLOAT_BYTES * ROUNDED_UP * widest)


def _lanes(nodes: list[Node], batch: int) -> int:
    """The sums of filters, at their points, that the lanes of each convolution hold; pooled, so that equals share."""
    sums: set[int] = set()
    for node in nodes:
        if node.op == "conv2d":
            R, S, C, K = (length for length in node.inputs[1].shape if isinstance(length, int))
            taps = PAIRS if (R, S) == (TAPS, TAPS) else R * S
            unfolded = int(FLOAT_BYTES * taps / OUTPUTS**2 * _picture(node.output.shape))
            pieces = -(-batch // pictures_of(unfolded))
            sums.add(FLOAT_BYTES * taps * C * K * Lanes.of(pieces, FLOAT_BYTES * taps * C * K).count)
    return sum(sums)


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
    return threads * of_a_thread


def _picture(shape: Shape) -> int:
    """The numbers of one picture."""
    return _numbers(Spec(shape[1:]))


def _numbers(spec: Spec) -> int:
    size = volume(spec.shape)
    return size if isinstance(size, int) else 0
