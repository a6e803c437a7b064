"""Floating-point operations from shapes alone: by hand, in a dry run, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.arrays.windows import Window
from nettrain.autograd.flops import Flops
from nettrain.autograd.signature import Signature
from nettrain.autograd.tensor import Dim, Graph, Leaf, Node, Spec, Tensor
from nettrain.ops.conv2d import conv2d
from nettrain.ops.linear import linear
from nettrain.ops.relu import relu

PRODUCT = Signature.parse("(N,C),(C,K)->(N,K)")


def node_of(y: Tensor) -> Node:
    assert y.node is not None
    return y.node


def test_a_dense_layer_by_hand() -> None:
    """Each of 7 x 3 outputs is 5 products and as many sums; the gradient by x is not needed at first."""
    graph = Graph()
    w, v = Leaf(Spec((5, 3))), Leaf(Spec((3, 2)))
    y = linear(graph.input(Spec((7, 5))), w)
    assert node_of(y).flops == (7 * 3 * 5 * 2, 7 * 3 * 5 * 2)
    assert node_of(linear(y, v)).flops == (7 * 2 * 3 * 2, 2 * 7 * 2 * 3 * 2)


@pytest.mark.parametrize(("stride", "groups", "pixels", "depth"), [(1, 1, 5 * 8, 9 * 4), (2, 2, 3 * 4, 9 * 2)])
def test_a_convolution_by_hand(stride: int, groups: int, pixels: int, depth: int) -> None:
    """Each of 3 x pixels x 6 outputs sums up the 3 x 3 pixels under the window, of its group's channels."""
    window = Window((3, 3), (stride, stride), padding="same")
    graph = Graph()
    x, w = graph.input(Spec((3, 5, 8, 4))), Leaf(Spec((3, 3, 4 // groups, 6)))
    forward = 2 * 3 * pixels * 6 * depth
    assert node_of(conv2d(x, w, window=window, groups=groups)).flops == (forward, forward)
    x = Leaf(Spec((3, 5, 8, 4)))
    x.graph = graph
    assert node_of(conv2d(x, w, window=window, groups=groups)).flops == (forward, 2 * forward)


def test_lengths_that_are_not_known_yet_stay_symbols() -> None:
    graph = Graph()
    y = linear(graph.input(Spec(("N", 5))), Leaf(Spec((5, "classes"))))
    assert node_of(y).flops == ("10*N*classes", "10*N*classes")


def test_an_operation_without_a_rule_counts_none() -> None:
    assert relu.flops is None
    assert node_of(relu(linear(Graph().input(Spec((7, 5))), Leaf(Spec((5, 3)))))).flops == (0, 0)


def test_nothing_is_counted_in_a_real_run_unless_a_clock_asks() -> None:
    y = linear(Graph().input(np.ones((7, 5))), Leaf(np.ones((5, 3))))
    assert node_of(y).flops == (0, 0)


@pytest.mark.parametrize(
    ("text", "shapes", "flops"),
    [
        ("2 N C K", ((7, 5), (5, 3), (7, 3)), 210),
        ("N 3 K 2", ((7, 5), (5, 3), (7, 3)), 126),
        ("C", ((7, 5), (5, 3), (7, 3)), 5),
        ("2 N C K", ((0, 5), (5, 3), (0, 3)), 0),
    ],
)
def test_a_product_of_letters_and_numbers(text: str, shapes: tuple[tuple[Dim, ...], ...], flops: int) -> None:
    assert Flops.parse(text, PRODUCT).of(shapes, 3) == (flops, 3 * flops)


def test_a_letter_that_the_signature_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="letters of") as error:
        Flops.parse("2 N C M", PRODUCT)
    assert str(error.value) == "flops '2 N C M' count M; expected letters of (N,C),(C,K)->(N,K)"
