"""The graph as lines of text, and as DOT for Graphviz."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from nettrain.errors import escape
from nettrain.report.columns import columns
from nettrain.report.graph_view import Operation

HEAD = ("", "operation", "of", "from", "output", "parameters")
SIDES = "><<<<<"


def as_text(graph: Sequence[Operation], backward: bool) -> str:
    """A row an operation, the parts that run inside it below; with ``backward`` the walk back after it."""
    rows = [HEAD]
    for node in graph:
        sources = ", ".join(map(str, node.sources))
        names = ", ".join(name for name, _ in node.parameters)
        rows.append((str(node.number), node.op, node.layer, sources, node.shape, names))
        rows += [("", f"+ {part}", "", "", "", "") for part in node.parts]
    lines = list(columns(rows, SIDES))
    if backward:
        rows = [("", "back through", "of", "gradient comes in", "gradients go to", "")]
        for node in reversed(graph):
            if node.learns:
                goes = [*(f"{number}" for number in node.passes_back), *(name for name, _ in node.parameters)]
                rows.append((str(node.number), node.op, node.layer, node.shape, ", ".join(goes), ""))
        lines += ["", *columns(rows, SIDES)]
    return "\n".join(lines)


def as_dot(graph: Sequence[Operation], backward: bool) -> str:
    """DOT, the language of Graphviz: gradients are dashed and go the other way."""
    return "\n".join(_dot(graph, backward)) + "\n"


def _dot(graph: Sequence[Operation], backward: bool) -> Iterator[str]:
    yield "digraph network {"
    yield '  node [shape=box, style="rounded,filled", fillcolor="#f6f8fa", color="#57606a", fontname="Helvetica"];'
    yield '  edge [color="#57606a", fontname="Helvetica", fontsize=10];'
    for node in graph:
        named = f"{node.op}  {node.layer}".strip()
        parameters = ", ".join(f"{name} {shape}" for name, shape in node.parameters)
        label = "\n".join(
            line for line in (named, *(f"+ {part}" for part in node.parts), node.shape, parameters) if line
        )
        yield f"  n{node.number} [label={_quoted(label)}];"
    for node in graph:
        yield from (f"  n{source} -> n{node.number};" for source in node.sources)
    if backward:
        for node in reversed(graph):
            for source in node.passes_back:
                yield f'  n{node.number} -> n{source} [style=dashed, color="#cf222e", constraint=false];'
    yield "}"


def _quoted(text: str) -> str:
    """A string of DOT, in which a line break is ``\\\\n`` and a backslash stands for itself."""
    lines = (json.dumps(escape(line), ensure_ascii=False)[1:-1] for line in text.split("\n"))
    return '"' + "\\n".join(lines) + '"'
