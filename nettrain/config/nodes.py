"""YAML text as a tree of nodes with places: scalars stay text, and what YAML adds to that tree is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from nettrain.config.events import Unreadable, events
from nettrain.config.words import joined, segment, shown
from nettrain.errors import Fault, Place


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as written; ``plain`` says that it stood without quotes."""

    text: str
    plain: bool
    place: Place

    @property
    def nothing(self) -> bool:
        """Whether this is YAML's null: an absent value, ``null`` or ``~``."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the text; no key stands twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands where something was refused, so that nobody complains about it again."""

    place: Place


Node: TypeAlias = Scalar | Sequence | Mapping | Broken

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def parse(text: str, file: str, key: str = "") -> tuple[Node | None, list[Fault]]:
    """The tree of one YAML document and all that was refused in it; no tree if the text is no YAML or says nothing.

    Notes    ``key`` is the dotted key that the text is the value of; faults name what they concern.
    """
    builder = _Builder(key)
    try:
        for event, place in events(text, file):
            builder.take(event, place)
    except Unreadable as error:
        return None, [*builder.faults, error.fault]
    return builder.root, builder.faults


class _Open:
    """A list or mapping whose end has not come yet."""

    def __init__(self, name: str, place: Place, *, is_mapping: bool, broken: bool) -> None:
        self.name, self.place, self.is_mapping, self.broken = name, place, is_mapping, broken
        self.items: list[Node] = []
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        self.key: Scalar | None = None  # read, waiting for its value
        self.drop = False  # the waiting key was refused: its value goes with it

    def child(self) -> str:
        if not self.is_mapping:
            return joined(self.name, str(len(self.items)))
        return joined(self.name, segment(self.key.text)) if self.key else self.name

    def close(self) -> Node:
        if self.broken:
            return Broken(self.place)
        if self.is_mapping:
            return Mapping(tuple(self.entries.values()), self.place)
        return Sequence(tuple(self.items), self.place)


class _Builder:
    def __init__(self, key: str) -> None:
        self.key = key
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self.open: list[_Open] = []
        self.documents = 0

    def take(self, event: Any, place: Place) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise Unreadable(Fault("a second document begins here; expected one", place))
            case yaml.AliasEvent():
                self.refuse(f"aliases are not accepted, got '*{event.anchor}'; write the value out", place)
                self.add(Broken(place))
            case yaml.ScalarEvent():
                broken = self.refuse_extras(event, place)
                plain = event.style is None
                text = event.value if plain else _with_pairs(event.value)
                self.add(Broken(place) if broken else Scalar(text, plain, place))
            case yaml.CollectionStartEvent():
                broken = self.refuse_extras(event, place)
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                self.open.append(_Open(self.here(), place, is_mapping=is_mapping, broken=broken))
            case yaml.CollectionEndEvent():
                self.add(self.open.pop().close())

    def here(self) -> str:
        return self.open[-1].child() if self.open else self.key

    def refuse(self, message: str, place: Place, key: str | None = None) -> None:
        if not (self.open and self.open[-1].drop):
            self.faults.append(Fault(message, place, self.here() if key is None else key))

    def refuse_extras(self, event: Any, place: Place) -> bool:
        """Refuse an anchor or a tag; say whether the value can no longer be trusted."""
        if event.anchor is not None:
            self.refuse(f"anchors are not accepted, got '&{event.anchor}'; write the value out where it is used", place)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse(f"tags are not accepted, got {shown(tag)}; leave it out", place)
        return event.tag is not None

    def add(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.key is None:
            self.add_key(parent, node)
        else:
            if not parent.drop:
                parent.entries[parent.key.text] = (parent.key, node)
            parent.key, parent.drop = None, False

    def add_key(self, parent: _Open, node: Node) -> None:
        if not isinstance(node, Scalar):
            if isinstance(node, (Sequence, Mapping)):
                kind = "list" if isinstance(node, Sequence) else "mapping"
                self.refuse(f"a {kind} cannot be a key; expected a name", node.place)
            parent.key, parent.drop = Scalar("", False, node.place), True
            return
        name = joined(parent.name, segment(node.text))
        if node.plain and node.text == "<<":
            self.refuse("merges are not accepted; write the keys out", node.place, name)
            parent.drop = True
        elif node.plain and node.text == "":
            self.refuse("a key is missing before the ':'", node.place)
            parent.drop = True
        elif node.text in parent.entries:
            first = parent.entries[node.text][0].place
            self.refuse(f"given twice, first at {first.line}:{first.column}", node.place, name)
            parent.drop = True
        parent.key = node


def _with_pairs(text: str) -> str:
    """Join surrogate pairs, JSON's escape of what lies beyond U+FFFF; a lone half stays, to be refused later."""
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
