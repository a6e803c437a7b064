"""The graph of a training step as text, DOT and a drawing: every operation and part, and where gradients go."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from models import described, layers

from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.mean import mean
from nettrain.report.graph_svg import as_svg
from nettrain.report.graph_text import _quoted, as_dot, as_text
from nettrain.report.graph_view import operations

RESIDUAL = layers(
    "conv2d: {filters: 4, kernel_size: 3, norm: batch_norm, activation: relu}",
    "residual: {layers: [{conv2d: {filters: 4, kernel_size: 3}}, {conv2d: {filters: 4, kernel_size: 3}}],"
    " activation: relu}",
    "global_avg_pool",
    "dense: classes",
)
TEXT = """\
   operation          of                 from  output        parameters
0  pictures                                    (N, 8, 8, 3)
1  conv2d             layers.0           0     (N, 8, 8, 4)  weight, norm.weight, norm.bias
   + batch_norm
   + relu
2  conv2d             layers.1.layers.0  1     (N, 8, 8, 4)  weight, bias
   + bias
3  conv2d             layers.1.layers.1  2, 1  (N, 4)        weight, bias
   + bias
   + add
   + relu
   + global_avg_pool
4  linear             layers.3           3     (N, classes)  weight, bias
   + bias
5  cross_entropy                         4     (N)
6  mean                                  5     ()

   back through   of                 gradient comes in  gradients go to
6  mean                              ()                 5
5  cross_entropy                     (N)                4
4  linear         layers.3           (N, classes)       3, weight, bias
3  conv2d         layers.1.layers.1  (N, 4)             2, 1, weight, bias
2  conv2d         layers.1.layers.0  (N, 8, 8, 4)       1, weight, bias
1  conv2d         layers.0           (N, 8, 8, 4)       weight, norm.weight, norm.bias"""


def graph_of(text: str):
    return operations(described(text, (8, 8, 3), "classes"), lambda outputs: mean(cross_entropy(outputs, labels=None)))


def test_text():
    assert as_text(graph_of(RESIDUAL), True) == TEXT
    assert as_text(graph_of(RESIDUAL), False) == TEXT.partition("\n\n")[0]


def test_what_comes_before_the_first_weight_is_there_and_gets_no_gradient():
    graph = graph_of(layers("max_pool2d: 2", "flatten", "dense: classes"))
    assert [node.op for node in graph][-3:] == ["linear", "cross_entropy", "mean"]
    assert [node.learns for node in graph] == [False] * (len(graph) - 3) + [True] * 3
    assert next(node for node in graph if node.op == "linear").passes_back == ()


STATEMENT = re.compile(
    r"\s*(node|edge|n\d+(?: -> n\d+)?)"  # what is spoken of
    r'( \[(\w+=("(?:[^"\\]|\\.)*"|[\w.]+)(, |(?=\])))+\])?;'  # its attributes
)


@pytest.mark.parametrize("backward", [False, True])
def test_dot(backward):
    graph = graph_of(RESIDUAL)
    first, *lines, last = as_dot(graph, backward).splitlines()
    assert (first, last) == ("digraph network {", "}")
    assert all(STATEMENT.fullmatch(line) for line in lines)
    arrows = [line.split()[0:3:2] for line in lines if "->" in line and "dashed" not in line]
    assert [edge[1].rstrip(";") for edge in arrows] == ["n1", "n2", "n3", "n3", "n4", "n5", "n6"]
    assert sum("dashed" in line for line in lines) == (6 if backward else 0)


def test_names_from_outside_are_no_dot():
    assert _quoted('a "b" \\ c\x1b\nd') == '"a \\"b\\" \\\\ c\\\\x1b\\nd"'


@pytest.mark.parametrize("backward", [False, True])
def test_drawing(backward):
    graph = graph_of(RESIDUAL)
    text = as_svg(graph, backward, "<net> & co")
    assert as_svg(graph, backward, "<net> & co") == text
    root = ET.fromstring(text)
    svg = "{http://www.w3.org/2000/svg}"
    kinds = [element.get("class") for element in root.iter()]
    assert kinds.count("box") == len(graph)
    assert kinds.count("part") == sum(len(node.parts) for node in graph)
    assert kinds.count("forward") == 7
    assert kinds.count("backward") == (6 if backward else 0)
    assert kinds.count("gradients") == (4 if backward else 0)
    words = [element.text for element in root.iter(f"{svg}text")]
    assert words[0] == "<net> & co: the graph of a training step"
    assert {"conv2d", "batch_norm", "add", "one number", "weight 3×3×3×4", "layers.1.layers.1"} <= set(words)
    width, height = float(root.get("width")), float(root.get("height"))
    for box in root.iter(f"{svg}rect"):
        if box.get("class") == "box":
            x, y = float(box.get("x")), float(box.get("y"))
            assert 0 < x < x + float(box.get("width")) < width
            assert 0 < y < y + float(box.get("height")) < height
