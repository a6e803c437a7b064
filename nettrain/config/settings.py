"""The settings of a record, each in words: what ``nettrain kinds`` and the reference say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nettrain.config.describe import describe
from nettrain.config.fields import Chosen, Record
from nettrain.config.forms import keys_of


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


def settings_of(record: type[Record]) -> tuple[Setting, ...]:
    """The settings of a record, in its order."""
    return tuple(
        Setting(
            name,
            describe(key.form),
            None if key.required else default_of(key.default),
            record.short == key.field,
            aliases_of(record.aliases, key.field),
        )
        for name, key in keys_of(record).items()
    )


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
