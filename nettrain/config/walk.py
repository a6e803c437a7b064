"""The walk over nodes and forms together: it makes the records and collects every fault on its way."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from nettrain.config.describe import describe, noun
from nettrain.config.document import nearest_place
from nettrain.config.fields import Chosen, FilePath, Limit, Record, Table
from nettrain.config.forms import Either, Fixed, Form, Key, Kind, Listed, Named, Settings, keys_of
from nettrain.config.nodes import Broken, Node, Scalar, Sequence
from nettrain.config.nodes import Mapping as MappingNode
from nettrain.config.options import pick, words
from nettrain.config.scalars import Refused, read_scalar
from nettrain.config.suggest import did_you_mean, hint, spaced
from nettrain.config.words import a, joined, segment, shown, singular
from nettrain.errors import Fault, Place, escape

INVALID: Final = object()  # the value of what could not be read; its faults are already on the list


class Walk:
    """One reading of one tree; ``bases`` are the folders that the paths of each text are relative to."""

    def __init__(self, tables: Mapping[str, Table], bases: Mapping[str, str], *, stored: bool = False) -> None:
        self.tables, self.bases, self.stored = tables, bases, stored
        self.faults: list[Fault] = []
        self.places: dict[str, Place] = {}
        self.notes: list[tuple[Place, str]] = []

    def fault(self, message: str, place: Place, key: str) -> Any:
        self.faults.append(Fault(message, place, key))
        return INVALID

    def read(self, form: Form, node: Node, key: str) -> Any:
        """The value of a node, or INVALID after a fault."""
        if isinstance(node, Broken):
            return INVALID
        match form:
            case Either():
                option = pick(form, node, self.tables)
                return self.read(option, node, key) if option else self.unexpected(form, node, key)
            case Settings(record):
                return self.settings(record, node, key)
            case Kind(table):
                return self.kind(table, node, key)
            case Fixed(items):
                return self.fixed(items, form, node, key)
            case Listed(item, limit):
                return self.listed(item, limit, form, node, key)
            case Named(item):
                return self.named(item, form, node, key)
            case _ if isinstance(node, Scalar):
                try:
                    return read_scalar(form, node, self.bases.get(node.place.file, ""))
                except Refused as error:
                    return self.fault(str(error), node.place, key)
            case _:
                return self.unexpected(form, node, key)

    def unexpected(self, form: Form, node: Node, key: str) -> Any:
        wanted = describe(form) if isinstance(node, Scalar) and node.nothing else noun(form)
        meant = did_you_mean(node.text, words(form)) if isinstance(node, Scalar) else ""
        return self.fault(f"expected {wanted}, got {got(node)}{meant}", node.place, key)

    # lists

    def fixed(self, items: tuple[Form, ...], form: Form, node: Node, key: str) -> Any:
        if not isinstance(node, Sequence):
            return self.unexpected(form, node, key)
        if len(node.items) != len(items):
            return self.fault(f"expected {describe(form)}, got {_count(len(node.items))}", node.place, key)
        return self.items(items, node, key)

    def listed(self, item: Form, limit: Limit, form: Form, node: Node, key: str) -> Any:
        if not isinstance(node, Sequence):
            return self.unexpected(form, node, key)
        if not limit.holds(len(node.items)):
            return self.fault(f"expected {describe(form)}, got {_count(len(node.items))}", node.place, key)
        return self.items((item,) * len(node.items), node, key)

    def items(self, forms: tuple[Form, ...], node: Sequence, key: str) -> Any:
        values = []
        for index, (form, item) in enumerate(zip(forms, node.items, strict=True)):
            name = joined(key, str(index))
            self.places[name] = item.place
            values.append(self.read(form, item, name))
        return INVALID if INVALID in values else tuple(values)

    # names of the user's

    def named(self, item: Form, form: Form, node: Node, key: str) -> Any:
        """A read-only mapping; the names are the user's, so any will do."""
        if not isinstance(node, MappingNode):
            return self.unexpected(form, node, key)
        if not node.entries:
            return self.fault(f"expected {describe(form)}, got none", node.place, key)
        values = {}
        for name, value in node.entries:
            here = joined(key, segment(name.text))
            self.places[here] = name.place
            values[name.text] = self.read(item, value, here)
        return INVALID if INVALID in values.values() else MappingProxyType(values)

    # records

    def settings(self, record: type[Record], node: Node, key: str) -> Any:
        """A record from a mapping, or from the value of its short field."""
        if isinstance(node, MappingNode):
            return self.mapping(record, node, key)
        short = record.short
        if short is None or isinstance(node, Broken) or (isinstance(node, Scalar) and node.nothing):
            return self.unexpected(Settings(record), node, key)
        here = joined(key, short)
        self.places[here] = node.place
        value = self.read(keys_of(record)[short].form, node, here)
        return self.build(record, {short: value}, node.place, key)

    def mapping(self, record: type[Record], node: MappingNode, key: str) -> Any:
        keys = keys_of(record)
        values: dict[str, Any] = {}
        first: dict[str, Scalar] = {}
        for typed, value in node.entries:
            here = joined(key, segment(typed.text))
            name = record.aliases.get(typed.text, typed.text)
            if name not in keys:
                known = hint(typed.text, keys, record.aliases, "the keys are") if keys else "; there is nothing to set"
                remedy = spaced(typed.text) or known
                values[typed.text] = self.fault(f"unknown key{remedy}", typed.place, here)
            elif name in first:
                other = first[name]
                message = f"given twice, first at {other.place.line}:{other.place.column} as {other.text!r}"
                values[name] = self.fault(message, typed.place, here)
            else:
                first[name] = typed
                if name != typed.text:
                    self.note(typed.place, here, name)
                name_here = joined(key, name)
                self.places[name_here] = value.place if isinstance(value, Scalar) else typed.place
                values[name] = self.read(keys[name].form, value, name_here)
        return self.build(record, values, node.place, key)

    def build(self, record: type[Record], values: dict[str, Any], place: Place, key: str) -> Any:
        """A record from the values that were given; the faults that only the whole can show are asked for last."""
        given = frozenset(values)
        invalid = INVALID in values.values()
        fields: dict[str, Any] = {}
        for name, field in keys_of(record).items():
            here = joined(key, name)
            if name in values:
                fields[field.field] = values[name]
            elif not field.required:
                fields[field.field] = _rekeyed(field.default, here)
            elif self.stored and field.left_out:
                fields[field.field] = FilePath("")
            else:
                invalid = True
                self.fault(f"missing; expected {describe(field.form)}", place, here)
        if invalid:
            return INVALID
        made = record(**fields)
        faults = [
            Fault(message, nearest_place(self.places, joined(key, name)), joined(key, name))
            for name, message in made.faults(given)
        ]
        self.faults += faults
        return INVALID if faults else made

    # tables

    def kind(self, table: str, node: Node, key: str) -> Any:
        """One row of a table: a bare name, or a mapping whose only key is the name."""
        noun_, rows = singular(table), self.tables[table]
        if isinstance(node, Scalar) and not node.nothing:
            name, settings = node, None
        elif isinstance(node, MappingNode) and len(node.entries) == 1:
            ((name, settings),) = node.entries
        else:
            return self.no_kind(noun_, rows, node, key)
        kind = rows.aliases.get(name.text, name.text)
        if kind not in rows.rows:
            remedy = hint(name.text, rows.rows, rows.aliases, f"the {table} are")
            return self.fault(f"unknown {noun_} {shown(name.text)}{remedy}", name.place, key)
        if kind != name.text:
            self.note(name.place, joined(key, segment(name.text)), kind)
        here = joined(key, kind)
        self.places[here] = name.place
        if settings is None:
            made = self.build(rows.rows[kind], {}, name.place, here)
        elif isinstance(settings, Scalar) and settings.nothing:
            return self.no_settings(rows.rows[kind], name.text, settings, here)
        else:
            made = self.settings(rows.rows[kind], settings, here)
        return INVALID if made is INVALID else Chosen(kind, made, key)

    def no_kind(self, noun_: str, rows: Table, node: Node, key: str) -> Any:
        wanted = f"expected {a(noun_)}, a name or 'name: settings'"
        if not isinstance(node, MappingNode) or not node.entries:
            return self.fault(f"{wanted}, got {got(node)}", node.place, key)
        names = ", ".join(shown(name.text) for name, _ in node.entries[:4]) + (", ..." if len(node.entries) > 4 else "")
        kinds = [value.text for _, value in node.entries if isinstance(value, Scalar) and value.text in rows.rows]
        if kinds and node.entries[0][0].text not in rows.rows:
            remedy = f"; write '{kinds[0]}: {{...}}'"
        else:
            remedy = f"; are the settings of {shown(node.entries[0][0].text)} indented under it?"
        return self.fault(f"{wanted}, got {len(node.entries)} keys ({names}){remedy}", node.entries[1][0].place, key)

    def no_settings(self, record: type[Record], name: str, node: Scalar, key: str) -> Any:
        alone = not any(field.required for field in keys_of(record).values())
        remedy = f"; without settings it is written {name!r}" if alone else ""
        return self.fault(f"expected {describe(Settings(record))}, got nothing{remedy}", node.place, key)

    def note(self, place: Place, key: str, name: str) -> None:
        self.notes.append((place, f"nettrain: note: {place}: {escape(key)}: read as {name!r}"))


def got(node: Node) -> str:
    """What a node is, in words."""
    match node:
        case Scalar():
            return "nothing" if node.nothing else shown(node.text)
        case Sequence():
            return "a list"
        case _:
            return "a mapping"


def _count(items: int) -> str:
    return "an empty list" if items == 0 else f"a list of {items}"


def _rekeyed(default: Any, key: str) -> Any:
    """A default as if it had been written at this key: choices know where they stand."""
    match default:
        case Chosen(kind, settings):
            return Chosen(kind, _rekeyed(settings, joined(key, kind)), key)
        case tuple():
            return tuple(_rekeyed(item, joined(key, str(index))) for index, item in enumerate(default))
        case Record():
            keys: Iterator[tuple[str, Key]] = iter(keys_of(type(default)).items())
            changes = {k.field: _rekeyed(getattr(default, k.field), joined(key, name)) for name, k in keys}
            return dataclasses.replace(default, **changes)  # type: ignore[type-var]  # records are dataclasses
        case _:
            return default
