"""Overrides: values for dotted keys, written into the tree of nodes before anything is read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import overload

from nettrain.config.describe import describe
from nettrain.config.dotted import Misplaced, Override, segments_of
from nettrain.config.events import MAX_DEPTH
from nettrain.config.fields import Chosen, Record, Table
from nettrain.config.forms import Either, Fixed, Form, Kind, Listed, Named, Path, Settings, Text, keys_of
from nettrain.config.node_views import as_mapping, depth_of, kind_of, says
from nettrain.config.nodes import Broken, Node, Scalar, Sequence, parse
from nettrain.config.nodes import Mapping as MappingNode
from nettrain.config.words import shown, singular
from nettrain.errors import Fault

CURRENT = "*"  # as a kind in a path: whichever is there (for ``--lr``, which is optimizer.*.lr)
ABSENT = "null"  # as a value: the key is as if it had not been written


def apply(
    override: Override, root: Node, form: Form, tables: Mapping[str, Table], faults: list[Fault], notes: list[str]
) -> MappingNode:
    """The tree with one value replaced; what is wrong with the override is added to the faults, what it drops to notes.

    Notes    A value is YAML, but raw text where a path or free text is expected. Another kind replaces the block.
             ``null`` takes a key out. The keys of a value are placed in its own text; keys on the way there at its
             beginning.
    """
    made: Node | None = root
    try:
        segments = segments_of(override)
        target = _Target(override, root.place.file, tables, faults, notes)
        made = target.set(segments, 0, form, root, None)
    except Misplaced as error:
        faults.append(Fault(str(error), override.place, override.key))
    if not isinstance(made, MappingNode):
        raise TypeError("a config's root is a record")  # a mistake of the caller's
    return made


class _Target:
    """The way along one dotted key, forms and nodes side by side; a form of None is where the schema ends."""

    def __init__(
        self, override: Override, file: str, tables: Mapping[str, Table], faults: list[Fault], notes: list[str]
    ) -> None:
        self.override, self.file, self.tables, self.faults, self.notes = override, file, tables, faults, notes
        self.absent = override.text.strip() == ABSENT

    @overload
    def set(self, segments: list[str], at: int, form: Form | None, node: Node, default: object) -> Node: ...

    @overload
    def set(self, segments: list[str], at: int, form: Form | None, node: None, default: object) -> Node | None: ...

    def set(self, segments: list[str], at: int, form: Form | None, node: Node | None, default: object) -> Node | None:
        """The node with the value put in, made where it is missing; None if it is missing and stays so."""
        if at == len(segments):
            return self.value(form, at)
        if isinstance(node, Broken):
            return node
        form = self.option(form, segments[at])
        match form:
            case Kind(table):
                return self.in_kind(segments, at, self.tables[table], table, node, default)
            case Listed() | Fixed():
                return self.in_list(segments, at, form, node)
            case Settings(record):
                return self.in_record(segments, at, record, node, default)
            case Named(item):
                return self.in_names(segments, at, item, node)
            case _:  # no schema leads there: the reader says what is wrong with the keys that are left
                made = self.value(None, len(segments))
                for name in reversed(segments[at:]):
                    made = MappingNode(((self.key(name), made),), self.override.place)
                return made

    def key(self, text: str) -> Scalar:
        return Scalar(text, False, self.override.place)

    def value(self, form: Form | None, depth: int) -> Node:
        place, text = self.override.place, self.override.text
        raw = Scalar(text, False, place)
        options = form.options if isinstance(form, Either) else (form,)
        is_text = any(isinstance(option, (Text, Path)) for option in options)
        if is_text and len(options) == 1:
            return raw
        node, faults = parse(text, self.override.file, self.override.key)
        maps = any(isinstance(option, (Settings, Kind, Named)) for option in options)
        if is_text and not isinstance(node, Sequence) and not (maps and isinstance(node, MappingNode)):
            return raw
        self.faults += faults
        if depth + depth_of(node) > MAX_DEPTH:
            raise Misplaced(f"nested too deep; at most {MAX_DEPTH} levels are read")
        if node is None:
            return Broken(place) if faults else Scalar("", True, place)
        return node

    def option(self, form: Form | None, name: str) -> Form | None:
        """Of several forms the one that a name leads into."""
        if not isinstance(form, Either):
            return form
        inner = [self.option(option, name) for option in form.options]
        for option in inner:
            match option:
                case Settings(record) if record.aliases.get(name, name) in keys_of(record):
                    return option
                case Kind(table) if name == CURRENT or name in {*self.tables[table].rows, *self.tables[table].aliases}:
                    return option
                case Listed() | Fixed() if name.isdecimal():
                    return option
        return next((option for option in inner if isinstance(option, (Settings, Kind, Listed, Fixed, Named))), None)

    def in_record(
        self, segments: list[str], at: int, record: type[Record], node: Node | None, default: object
    ) -> Node | None:
        segments = [*segments[:at], *record.leads.get(segments[at], segments[at]).split("."), *segments[at + 1 :]]
        typed, last = segments[at], at + 1 == len(segments)
        name = record.aliases.get(typed, typed)
        field = keys_of(record).get(name)
        entries = list(as_mapping(record, node, self.override.place).entries)
        place = node.place if isinstance(node, MappingNode) else self.override.place
        there = [index for index, (key, _) in enumerate(entries) if record.aliases.get(key.text, key.text) == name]
        if self.absent and last and field:
            if not there:
                return node
            if field.required:
                raise Misplaced(f"is required, so {ABSENT} cannot take it out; expected {_wanted(field.form)}")
            return MappingNode(tuple(entry for index, entry in enumerate(entries) if index not in there), place)
        inner_default = getattr(default, field.field, None) if isinstance(default, record) and field else None
        if field and inner_default is None and not field.required:
            inner_default = field.default
        old = entries[there[0]] if there else None
        made = self.set(segments, at + 1, field.form if field else None, old[1] if old else None, inner_default)
        if made is None:
            return node
        if old is None:
            return MappingNode((*entries, (self.key(typed), made)), place)
        if last:
            self.refuse_another(old[1])
        entries[there[0]] = (self.key(typed) if last else old[0], made)
        return MappingNode(tuple(entries), place)

    def refuse_another(self, old: Node) -> None:
        """Where the override is the sole one: a fault if one before it gave another value."""
        if self.override.sole and old.place.file != self.file and not says(old, self.override.text):
            said = shown(old.text) if isinstance(old, Scalar) else "another value"
            raise Misplaced(f"got {shown(self.override.text)}, but {old.place.file} says {said}; give one of them")

    def in_kind(
        self, segments: list[str], at: int, table: Table, table_name: str, node: Node | None, default: object
    ) -> Node | None:
        old_key, old = kind_of(node)
        if node is None and isinstance(default, Chosen):
            old_key = self.key(default.kind)
        current = table.aliases.get(old_key.text, old_key.text) if old_key else None
        typed = segments[at]
        if typed == CURRENT:
            if current is None and node is not None:
                return node  # neither a kind nor absent: the reader says what it is
            if current is None:
                raise Misplaced(f"no {singular(table_name)} is chosen here")
            typed = current
        kind = table.aliases.get(typed, typed)
        if kind not in table.rows:
            record = table.rows.get(current or "")
            if record is not None and record.aliases.get(typed, typed) in keys_of(record):
                meant = ".".join([*segments[:at], current or "", *segments[at:]])
                raise Misplaced(f"unknown {singular(table_name)} {shown(typed)}; did you mean {shown(meant)}?")
        form = Settings(table.rows[kind]) if kind in table.rows else None
        same = kind == current and old_key is not None
        made = self.set(segments, at + 1, form, old if same else None, None)
        if made is None:
            return node
        if not same and kind in table.rows and current in table.rows and at + 1 < len(segments):
            dropped = f"{kind} replaces {current}, whose settings are dropped"
            self.notes.append(f"nettrain: note: {Fault(dropped, self.override.place, '.'.join(segments[:at]))}")
        key = old_key if same and old_key is not None and at + 1 < len(segments) else self.key(typed)
        return MappingNode(((key, made),), key.place if node is None else node.place)

    def in_names(self, segments: list[str], at: int, item: Form, node: Node | None) -> Node | None:
        name = segments[at]
        entries = list(node.entries) if isinstance(node, MappingNode) else []
        old = next((value for key, value in entries if key.text == name), None)
        kept = [entry for entry in entries if entry[0].text != name]
        if self.absent and at + 1 == len(segments):
            return node if old is None or node is None else MappingNode(tuple(kept), node.place)
        made = self.set(segments, at + 1, item, old, None)
        if made is None:
            return node
        place = node.place if isinstance(node, MappingNode) else self.override.place
        return MappingNode((*kept, (self.key(name), made)), place)

    def in_list(self, segments: list[str], at: int, form: Listed | Fixed, node: Node | None) -> Sequence:
        name = segments[at]
        if not isinstance(node, Sequence):
            raise Misplaced(f"no list is given at {shown('.'.join(segments[:at]))}, so that it has no item {name!r}")
        index = int(name) if name.isdecimal() and name.isascii() and len(name) < 9 else len(node.items)
        if index >= len(node.items):
            there = f"its items are 0 to {len(node.items) - 1}" if node.items else "it is empty"
            raise Misplaced(f"no item {shown(name)} in {shown('.'.join(segments[:at]))}; {there}")
        inner = form.item if isinstance(form, Listed) else form.items[min(index, len(form.items) - 1)]
        made = self.set(segments, at + 1, inner, node.items[index], None)
        return replace(node, items=(*node.items[:index], made, *node.items[index + 1 :]))


def _wanted(form: Form) -> str:
    """What a key takes, and how a path is written that looks as if there were none."""
    options = form.options if isinstance(form, Either) else (form,)
    return describe(form) + (f" (of that name: ./{ABSENT})" if Path() in options else "")
