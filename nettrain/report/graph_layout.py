"""Where the boxes of a graph go: rows from top to bottom, few crossings, the longest chain straight.

Source   Sugiyama, Tagawa, Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981: rows by
         the longest way from the start, points of passage where an edge goes past a row, orders by means of neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]  # from, to

SWEEPS = 12
PASSING = 20.0  # how much more than others the parts of one edge keep in line
PINNED = 1e12  # how much more the spine stays where it is


@dataclass(frozen=True)
class Layout:
    """Where the middle of each node is across, which row it is in, and the points that an edge passes through.

    Notes    ``ways`` have for each edge, from row to row, the places across that it takes, without its two ends.
    """

    across: Mapping[int, float]
    row: Mapping[int, int]
    ways: Mapping[Edge, tuple[float, ...]]


def place(nodes: Sequence[int], edges: Sequence[Edge], spine: Sequence[int], width: float, lane: float) -> Layout:
    """Lay out nodes, which are in an order in which every edge goes forward.

    Units    ``width`` is what a node needs from side to side, ``lane`` what an edge needs that passes it.
    Notes    ``spine`` are nodes that stand on one straight line, at 0, with everything else to the right of it.
    """
    row: dict[int, int] = {}
    for node in nodes:
        row[node] = max((row[start] + 1 for start, end in edges if end == node), default=0)
    below = max(nodes, default=0) + 1  # points of passage are numbered from here on
    passage: dict[Edge, list[int]] = {}
    pulls: list[tuple[int, int, float]] = []
    on_spine = set(pairwise(spine))
    rows: list[list[int]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for node in nodes:
        rows[row[node]].append(node)
    for edge in dict.fromkeys(edges):
        points = list(range(below, below + row[edge[1]] - row[edge[0]] - 1))
        below += len(points)
        passage[edge] = points
        for step, point in enumerate(points, row[edge[0]] + 1):
            rows[step].append(point)
        chain = [edge[0], *points, edge[1]]
        for start, end in pairwise(chain):
            inner = start in points and end in points
            pulls.append((start, end, PASSING if inner else 1.0))
    real = set(nodes)
    straight = {*spine, *(point for edge in on_spine for point in passage.get(edge, ()))}
    for members in rows:
        members.sort(key=lambda node: (node not in straight, node not in real, node))
    sizes = {node: width if node in real else lane for members in rows for node in members}
    across = _settled(rows, pulls, sizes, straight)
    ways = {edge: tuple(across[point] for point in points) for edge, points in passage.items()}
    return Layout({node: across[node] for node in nodes}, row, ways)


def _settled(
    rows: Sequence[list[int]],
    pulls: Sequence[tuple[int, int, float]],
    sizes: Mapping[int, float],
    straight: AbstractSet[int],
) -> dict[int, float]:
    """Places across: each node as near to the mean of its neighbours as its row allows, in turns down and up."""
    near: dict[int, list[tuple[int, float]]] = {node: [] for node in sizes}
    for start, end, weight in pulls:
        near[start].append((end, weight))
        near[end].append((start, weight))
    across = dict.fromkeys(sizes, 0.0)
    for sweep in range(SWEEPS):
        for members in rows if sweep % 2 == 0 else reversed(rows):
            wanted, weights = [], []
            for node in members:
                total = sum(weight for _, weight in near[node]) or 1.0
                mean = sum(weight * across[other] for other, weight in near[node]) / total
                wanted.append(0.0 if node in straight else mean)
                weights.append(PINNED if node in straight else total)
            across.update(zip(members, _apart(wanted, weights, [sizes[node] for node in members]), strict=True))
    return across


def _apart(wanted: Sequence[float], weights: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """The places nearest to those wanted, by weighted squares, at which neighbours of these sizes do not overlap.

    Source   Ayer, Brunk, Ewing, Reid, Silverman, "An Empirical Distribution Function for Sampling with Incomplete
             Information", 1955: neighbours that stand in each other's way are pooled to their mean.
    """
    offsets = [0.0]
    for left, right in pairwise(sizes):
        offsets.append(offsets[-1] + (left + right) / 2)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for place_, weight, offset in zip(wanted, weights, offsets, strict=False):
        pools.append((place_ - offset, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean, heavy, count), (other, light, more) = pools[-2:]
            pools[-2:] = [((mean * heavy + other * light) / (heavy + light), heavy + light, count + more)]
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
