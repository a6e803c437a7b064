"""Where the boxes of a graph go: edges go down, nothing overlaps, the spine is straight, whatever the graph."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettrain.report.graph_layout import _apart, place

WIDTH, LANE = 100.0, 10.0


@st.composite
def graphs(draw):
    """A chain from node to node, and edges that skip some: (nodes, edges, the chain)."""
    count = draw(st.integers(1, 9))
    chain = list(range(count))
    edges = list(pairwise(chain))
    if count > 2:
        pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
        edges += [(a, b) for a, b in draw(st.lists(pairs, max_size=8)) if a < b and (a, b) not in edges]
    for start, end in list(edges):  # a node of its own on some of the ways, as a shortcut with a convolution is
        if end - start > 1 and draw(st.booleans()):
            edges.remove((start, end))
            chain.append(len(chain))
            edges += [(start, chain[-1]), (chain[-1], end)]
    spine = list(range(count))
    order = sorted(chain, key=lambda node: node if node < count else max(a for a, b in edges if b == node) + 0.5)
    return order, list(dict.fromkeys(edges)), spine


@settings(max_examples=60, deadline=None)
@given(graph=graphs())
def test_nothing_overlaps_and_edges_go_down(graph):
    nodes, edges, spine = graph
    layout = place(nodes, edges, spine, WIDTH, LANE)
    rows: dict[int, list[tuple[float, float]]] = {}
    for node in nodes:
        rows.setdefault(layout.row[node], []).append((layout.across[node], WIDTH))
    for edge in edges:
        first, last = layout.row[edge[0]], layout.row[edge[1]]
        assert last - first == len(layout.ways[edge]) + 1 >= 1
        for row, across in enumerate(layout.ways[edge], first + 1):
            rows[row].append((across, LANE))
    for members in rows.values():
        for (left, width), (right, other) in pairwise(sorted(members)):
            assert right - left >= (width + other) / 2 - 1e-6
    on_spine = [layout.across[node] for node in spine]
    assert max(map(abs, on_spine)) < 1e-6
    assert place(nodes, edges, spine, WIDTH, LANE) == layout


@pytest.mark.parametrize(
    ("wanted", "weights", "sizes", "found"),
    [
        ([], [], [], []),
        ([5.0], [1.0], [2.0], [5.0]),
        ([0.0, 10.0], [1.0, 1.0], [4.0, 4.0], [0.0, 10.0]),
        ([0.0, 0.0], [1.0, 1.0], [4.0, 4.0], [-2.0, 2.0]),
        ([0.0, 0.0], [3.0, 1.0], [4.0, 4.0], [-1.0, 3.0]),
        ([6.0, 0.0, 0.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.0, 2.0, 4.0]),
    ],
)
def test_neighbours_make_room_for_each_other(wanted, weights, sizes, found):
    assert _apart(wanted, weights, sizes) == pytest.approx(found)
