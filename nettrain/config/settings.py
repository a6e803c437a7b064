"""The settings of a record, each in words: what ``nettrain kinds`` and the reference say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nettrain.config.describe import describe
from nettrain.config.fields import Chosen, Record
from nettrain.config.forms import Either, Form, Listed, Settings, keys_of


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: what it expects, what stands in for it (None if it is required), and its other names.

    ``short`` says that a bare value of the kind means this key.
    """

    key: str
    expects: str
    default: str | None
    short: bool
    aliases: tuple[str, ...]


def settings_of(record: type[Record], prefix: str = "") -> tuple[Setting, ...]:
    """The settings of a record, in its order; below one that is a record itself, those of that, as ``adamw.lr``.

    Notes    Those of each record in a list are ``groups.N.lr``.
    """
    found: list[Setting] = []
    for name, key in keys_of(record).items():
        default = None if key.required else default_of(key.default)
        aliases = aliases_of(record.aliases, key.field)
        found.append(Setting(prefix + name, describe(key.form), default, record.short == key.field, aliases))
        for inner, way in _records(key.form):
            found += settings_of(inner, f"{prefix}{name}{way}.")
    return tuple(found)


def _records(form: Form) -> Iterator[tuple[type[Record], str]]:
    """The records that a form reads, each with what leads to it."""
    match form:
        case Settings(record):
            yield record, ""
        case Listed(item):
            yield from ((record, f".N{way}") for record, way in _records(item))
        case Either(options):
            for option in options:
                yield from _records(option)


def default_of(value: object) -> str:
    """A default as it would be written: ``-`` for nothing, the name of a kind, ``none`` for an empty list."""
    match value:
        case None:
            return "-"
        case Record():
            return "as below"
        case Chosen(kind):
            return kind
        case ():
            return "none"
        case tuple():
            return f"[{', '.join(map(default_of, value))}]"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def aliases_of(aliases: Mapping[str, str], meant: str) -> tuple[str, ...]:
    """The names that other tools use for a key or kind."""
    return tuple(alias for alias, name in aliases.items() if name == meant)
