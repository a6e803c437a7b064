"""The graph as a drawing: boxes are operations with their parts, lines what flows forward, dashed ones gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nettrain.report.graph_layout import Layout, place
from nettrain.report.graph_view import PICTURES, Operation
from nettrain.report.svg import box, number, path, picture, text, words

WIDE, GAP, LANE = 270, 40, 34  # pixels of a box, between boxes, and for an edge that passes one
HEAD, STRIP, FOOT, GRADIENTS = 28, 19, 24, 19  # heights of a box's lines
BETWEEN = 46  # rows
MARGIN, TITLE = 32, 92
ASIDE = 7  # of the gradient's line from the one forward
STYLE = """\
.box { fill: #ffffff; stroke: #8c959f; stroke-width: 1 }
.conv { fill: #ddf4ff }
.dense { fill: #dafbe1 }
.loss { fill: #ffebe9 }
.data { fill: #fff8c5 }
.plain { fill: #f6f8fa }
.name { font-weight: 600 }
.part { fill: #57606a }
.small { font-size: 11px; fill: #6e7781 }
.gradients { font-size: 11px; fill: #cf222e }
.rule { stroke: #d8dee4; stroke-width: 1; fill: none }
.forward { stroke: #57606a; stroke-width: 1.5; fill: none; marker-end: url(#arrow) }
.backward { stroke: #cf222e; stroke-width: 1.3; fill: none; stroke-dasharray: 4 3; marker-end: url(#back) }"""


def as_svg(graph: Sequence[Operation], backward: bool, name: str) -> str:
    """The drawing, from the pictures at the top to the loss at the bottom."""
    nodes = [node.number for node in graph]
    edges = [(source, node.number) for node in graph for source in dict.fromkeys(node.sources)]
    layout = place(nodes, edges, _spine(graph), WIDE + GAP, LANE)
    heights = {node.number: _height(node, backward) for node in graph}
    tallest = [0.0] * (max(layout.row.values()) + 1)
    for node in nodes:
        tallest[layout.row[node]] = max(tallest[layout.row[node]], heights[node])
    tops = [TITLE + sum(tallest[:row]) + BETWEEN * row for row in range(len(tallest))]
    everything = [*layout.across.values(), *(point for way in layout.ways.values() for point in way)]
    left = min(min(layout.across.values()) - WIDE / 2, min(everything) - LANE / 2) - MARGIN
    right = max(max(layout.across.values()) + WIDE / 2, max(everything) + LANE / 2) + MARGIN
    width, height = max(right - left, 460), tops[-1] + tallest[-1] + MARGIN
    shift = -left + (width - (right - left)) / 2
    drawn = _Drawing(graph, layout, backward, heights, tallest, tops, shift)
    return picture(width, height, f"graph of {name}", STYLE, drawn.body(name))


def _spine(graph: Sequence[Operation]) -> list[int]:
    """From the loss back along the first source of each: the main way through the network, first node first."""
    by_number = {node.number: node for node in graph}
    found = [graph[-1].number]
    while sources := by_number[found[-1]].sources:
        found.append(sources[0])
    return found[::-1]


def _height(node: Operation, backward: bool) -> float:
    return HEAD + STRIP * len(node.parts) + FOOT + (GRADIENTS if backward and node.parameters else 0)


class _Drawing:
    """The parts of the drawing, once everything has its place."""

    def __init__(
        self,
        graph: Sequence[Operation],
        layout: Layout,
        backward: bool,
        heights: dict[int, float],
        tallest: Sequence[float],
        tops: Sequence[float],
        shift: float,
    ) -> None:
        self.graph, self.layout, self.backward = graph, layout, backward
        self.heights, self.tallest, self.tops, self.shift = heights, tallest, tops, shift

    def body(self, name: str) -> Iterator[str]:
        yield f"<defs>{_arrow('arrow', '#57606a')}{_arrow('back', '#cf222e')}</defs>"
        yield text(MARGIN, 30, f"{name}: the graph of a training step", "title")
        yield text(MARGIN, 50, "a box is an operation, with the parts that run inside it", "faint")
        if self.backward:
            yield text(
                MARGIN, 66, "dashed: gradients on the way back; \N{PARTIAL DIFFERENTIAL} those that are kept", "faint"
            )
        for node in self.graph:
            for source in dict.fromkeys(node.sources):
                yield self._edge(source, node.number)
                if source in node.passes_back and self.backward:
                    yield self._edge(source, node.number, back=True)
        for node in self.graph:
            yield from self._box(node)

    def _top(self, number_: int) -> float:
        """The upper side of a box, in the middle of its row."""
        row = self.layout.row[number_]
        return self.tops[row] + (self.tallest[row] - self.heights[number_]) / 2

    def _edge(self, source: int, target: int, back: bool = False) -> str:
        """A line from box to box, curved between rows and straight past a box."""
        aside = ASIDE if back else -ASIDE if self.backward else 0
        x = self.layout.across[source] + self.shift + aside
        points = [(x, self._top(source) + self.heights[source])]
        for row, across in enumerate(self.layout.ways[source, target], self.layout.row[source] + 1):
            x = across + self.shift + aside
            points += [(x, self.tops[row]), (x, self.tops[row] + self.tallest[row])]
        points.append((self.layout.across[target] + self.shift + aside, self._top(target)))
        return path(_curve(points[::-1] if back else points), "backward" if back else "forward")

    def _box(self, node: Operation) -> Iterator[str]:
        x, y = self.layout.across[node.number] + self.shift - WIDE / 2, self._top(node.number)
        kind = _kind(node)
        yield "<g>"
        yield f"<title>{words(_said(node))}</title>"
        yield box(x, y, WIDE, self.heights[node.number], "box", 7)
        head = f"M{number(x + 0.5)},{number(y + HEAD)}v{7.5 - HEAD}q0,-7 7,-7h{WIDE - 15}q7,0 7,7v{HEAD - 7.5}z"
        yield path(head, kind)
        yield text(x + 12, y + 19, node.op, "name")
        yield text(x + WIDE - 12, y + 19, node.layer, "small", "end")
        y += HEAD
        for part in node.parts:
            yield path(f"M{number(x)},{number(y)}h{WIDE}", "rule")
            yield text(x + 12, y + 14, part, "part")
            y += STRIP
        yield path(f"M{number(x)},{number(y)}h{WIDE}", "rule")
        yield text(x + 12, y + 16, "one number" if node.shape == "()" else node.shape, "small")
        if node.parameters:
            yield text(x + WIDE - 12, y + 16, _first(node), "small", "end")
        if self.backward and node.parameters:
            gradients = ", ".join(name for name, _ in node.parameters)
            yield text(x + 12, y + FOOT + 11, f"\N{PARTIAL DIFFERENTIAL} {gradients}", "gradients")
        yield "</g>"


def _kind(node: Operation) -> str:
    """What a box is coloured by: the pictures, a convolution, a dense layer, the loss, or anything else."""
    if node.number == PICTURES:
        return "data"
    if not node.layer:
        return "loss"
    return "conv" if "conv" in node.op else "dense" if node.op == "linear" else "plain"


def _first(node: Operation) -> str:
    """The first parameter, short: ``weight 3x3x16x32``."""
    name, shape = node.parameters[0]
    return f"{name} {shape.strip('()').replace(', ', chr(0xD7))}"


def _arrow(name: str, colour: str) -> str:
    """The head of a line."""
    size = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    return f'<marker id="{name}" {size}><path d="M0,0.5 8,4 0,7.5z" fill="{colour}"/></marker>'


def _said(node: Operation) -> str:
    """What a box says when the mouse rests on it: the shapes of its parameters."""
    if node.number == PICTURES:
        return f"the pictures {node.shape}"
    parameters = ", ".join(f"{name} {shape}" for name, shape in node.parameters)
    return f"{node.number}: {node.op} {node.layer} {parameters}".strip()


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A path through the points that leaves and enters each of them up or down."""
    (x, y), *rest = points
    steps = [f"M{number(x)},{number(y)}"]
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        straight = abs(to_x - x) < 0.01
        steps.append(
            f"L{number(to_x)},{number(to_y)}"
            if straight
            else f"C{number(x)},{number(middle)} {number(to_x)},{number(middle)} {number(to_x)},{number(to_y)}"
        )
        x, y = to_x, to_y
    return "".join(steps)
