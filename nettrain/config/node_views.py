"""A node seen as an override needs it: as a record's mapping, as a kind, by its depth, by what it says."""

from __future__ import annotations

from nettrain.config.fields import Record
from nettrain.config.nodes import Mapping, Node, Scalar, Sequence
from nettrain.errors import Place


def as_mapping(record: type[Record], node: Node | None, place: Place) -> Mapping:
    """A record's node as a mapping: a short value becomes the field that it stands for."""
    if isinstance(node, Mapping):
        return node
    is_value = isinstance(node, Sequence) or (isinstance(node, Scalar) and not node.nothing)
    if record.short is not None and is_value and node is not None:
        return Mapping(((Scalar(record.short, True, node.place), node),), node.place)
    return Mapping((), place)


def kind_of(node: Node | None) -> tuple[Scalar | None, Node | None]:
    """The kind that a node names, with its settings if it has any."""
    if isinstance(node, Scalar) and not node.nothing:
        return node, None
    if isinstance(node, Mapping) and len(node.entries) == 1:
        return node.entries[0]
    return None, None


def depth_of(node: Node | None) -> int:
    """How many lists and mappings lie within each other."""
    match node:
        case Sequence(items):
            return 1 + max(map(depth_of, items), default=0)
        case Mapping(entries):
            return 1 + max((depth_of(value) for _, value in entries), default=0)
        case _:
            return 0


def says(node: Node, text: str) -> bool:
    """Whether a node has the value that a text has, as another number's spelling too."""
    if not isinstance(node, Scalar):
        return False
    try:
        return node.text == text or float(node.text) == float(text)
    except ValueError:
        return False
