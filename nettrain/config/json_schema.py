"""A record and its tables as a JSON schema (draft 2020-12), for editors that complete and check YAML."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from nettrain.config.fields import Limit, Record, Table
from nettrain.config.forms import (
    Choice,
    Either,
    Fixed,
    Form,
    Integer,
    Key,
    Kind,
    Length,
    Listed,
    Named,
    Path,
    Real,
    Settings,
    Text,
    Truth,
    keys_of,
)
from nettrain.config.resolved import plain_value

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TIMES = "s|seconds?|m|minutes?|h|hours?"
TIME, DURATION = (rf"^[0-9.]+([eE][-+]?[0-9]+)? ?({units})$" for units in (TIMES, f"steps?|epochs?|{TIMES}"))

Json = dict[str, Any]


def json_schema(record: type[Record], tables: Mapping[str, Table], title: str) -> Json:
    """What the reader accepts for ``record``, as far as a schema can say it; what hangs on two keys it cannot.

    Notes   Other tools' names are in it too, marked as deprecated.
    """
    schema = _Schema(tables)
    top = schema.form(Settings(record))
    return {"$schema": DRAFT, "title": title, **top, "$defs": dict(sorted(schema.defs.items()))}


class _Schema:
    """Collects the definitions that forms refer to: each record and table stands once, however deep it is nested."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = tables
        self.defs: dict[str, Json] = {}
        self.owners: dict[str, object] = {}

    def form(self, form: Form) -> Json:
        match form:
            case Integer(limit):
                return {"type": "integer", **_bounds(limit)}
            case Real(limit):
                return {"type": "number", **_bounds(limit)}
            case Truth():
                return {"type": "boolean"}
            case Text() | Path():
                return {"type": ["string", "number", "boolean"]}  # as it is spelled: 007 is a name too
            case Length():
                return {"type": "string", "pattern": TIME if form.time else DURATION}
            case Choice(values):
                return {"enum": list(values)}
            case Fixed(items):
                places = [self.form(item) for item in items]
                return {"type": "array", "prefixItems": places, "minItems": len(items), "maxItems": len(items)}
            case Listed(item, limit):
                return {"type": "array", "items": self.form(item), **_lengths(limit)}
            case Named(item):
                return {"type": "object", "additionalProperties": self.form(item), "minProperties": 1}
            case Settings(record):
                return self.settings(record)
            case Kind(table):
                return self.table(table)
            case Either(options):
                return {"anyOf": [self.form(option) for option in options]}

    def settings(self, record: type[Record]) -> Json:
        """A mapping, or the value of the short field alone."""
        mapping = self.define(record.__name__, record, lambda: self.mapping(record))
        if record.short is None:
            return mapping
        return {"anyOf": [mapping, self.form(keys_of(record)[record.short].form)]}

    def mapping(self, record: type[Record]) -> Json:
        keys = keys_of(record)
        properties: Json = {name: self.property(key) for name, key in keys.items()}
        required: list[Json] = []
        for name, key in keys.items():
            others = [alias for alias, meant in record.aliases.items() if meant == key.field]
            for alias in others:
                properties[alias] = {**properties[name], "deprecated": True, "description": f"read as {name}"}
            if key.required:
                required.append({"anyOf": [{"required": [spelling]} for spelling in (name, *others)]})
        found = {"type": "object", "description": _prose(record), "properties": properties}
        return {**found, "additionalProperties": False, **({"allOf": required} if required else {})}

    def property(self, key: Key) -> Json:
        found = self.form(key.form)
        if key.required or key.default is None:
            return found
        return {**found, "default": plain_value(key.default)}

    def table(self, name: str) -> Json:
        """A bare name of a kind that needs no settings, or a mapping whose only key is the name."""
        return self.define(name, name, lambda: self.rows(self.tables[name]))

    def rows(self, table: Table) -> Json:
        named = {**{kind: kind for kind in table.rows}, **table.aliases}
        kinds = {name: kind for name, kind in named.items() if kind in table.rows}
        bare = [name for name, kind in kinds.items() if not any(k.required for k in keys_of(table.rows[kind]).values())]
        properties = {
            name: self.settings(table.rows[kind]) | ({} if name == kind else {"deprecated": True})
            for name, kind in kinds.items()
        }
        one = {"type": "object", "properties": properties, "additionalProperties": False}
        return {"anyOf": [{"enum": bare}, {**one, "minProperties": 1, "maxProperties": 1}]}

    def define(self, name: str, owner: object, make: Callable[[], Json]) -> Json:
        if self.owners.setdefault(name, owner) is not owner:
            raise TypeError(f"two things are called {name}; expected records and tables with names of their own")
        if name not in self.defs:
            self.defs[name] = {}  # known from here on: a layer may hold layers
            self.defs[name] = make()
        return {"$ref": f"#/$defs/{name}"}


def _bounds(limit: Limit) -> Json:
    low = "exclusiveMinimum" if limit.open_low else "minimum"
    high = "exclusiveMaximum" if limit.open_high else "maximum"
    return {name: bound for name, bound in ((low, limit.low), (high, limit.high)) if bound is not None}


def _lengths(limit: Limit) -> Json:
    return {name: int(n) for name, n in (("minItems", limit.low), ("maxItems", limit.high)) if n is not None}


def _prose(record: type[Record]) -> str:
    return " ".join(inspect.cleandoc(record.__doc__ or "").replace("``", "`").split())
