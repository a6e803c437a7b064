"""The recorded operations that a result depends on, found by following inputs, without recursion."""

from __future__ import annotations

from nettrain.autograd.tensor import Node


def last_first(last: Node | None) -> list[Node]:
    """Every node that the last one depends on, itself among them, newest first; none if nothing was recorded."""
    if last is None:
        return []
    found = {last.number: last}
    todo = [last]
    while todo:
        for source in todo.pop().inputs:
            node = source.node
            if node is not None and node.number not in found:
                found[node.number] = node
                todo.append(node)
    return [found[number] for number in sorted(found, reverse=True)]
