"""Records written back: as plain values for canonical JSON, and as YAML text that reads as the equal record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nettrain.config.fields import Chosen, Duration, FilePath, Record
from nettrain.config.forms import keys_of
from nettrain.config.paths import written
from nettrain.errors import escape

_BARE = re.compile(r"(?:[A-Za-z_]|\.{0,2}/)[A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*|[0-9.]+ (steps|epochs|seconds)")
_NOT_BARE = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "infinity", "nan"})


def to_plain(record: Record, environment: bool) -> dict[str, Any]:
    """A record as values that JSON knows; absent values are left out, a choice is its name or ``{name: settings}``.

    Notes    Without ``environment``, keys that cannot change the result are left out too, and all paths with them:
             what stays must agree when a run is resumed.
    """
    plain = {}
    for name, key in keys_of(type(record)).items():
        value = getattr(record, key.field)
        if value is None or (not environment and (key.environment or _is_path(value))):
            continue
        plain[name] = _plain(value, environment)
    return plain


def _is_path(value: Any) -> bool:
    """Whether a value is a path, or several."""
    return isinstance(value, FilePath) or (isinstance(value, tuple) and value != () and all(map(_is_path, value)))


def plain_value(value: Any) -> Any:
    """One value of a record as JSON knows it."""
    return _plain(value, environment=True)


def _plain(value: Any, environment: bool) -> Any:
    match value:
        case Record():
            return to_plain(value, environment)
        case Chosen(kind, settings):
            inner = to_plain(settings, environment)
            return {kind: inner} if inner else kind
        case Duration():
            return str(value)
        case FilePath():
            return written(value)
        case tuple():
            return [_plain(item, environment) for item in value]
        case Mapping():
            return {name: _plain(item, environment) for name, item in value.items()}
        case _:
            return value


def dump(record: Record) -> str:
    """A record as YAML text, every default written out.

    Notes    Reading it gives the equal record; for that, strings are quoted where they need it, and numbers are the
             shortest text of their float64.
    """
    return "".join(line + "\n" for line in _mapping(to_plain(record, environment=True), ""))


def _mapping(plain: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in plain.items():
        if _is_flow(value):
            yield f"{indent}{_string(key)}: {flow(value)}"
        else:
            yield f"{indent}{_string(key)}:"
            yield from _block(value, indent + "  ")


def _block(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _mapping(value, indent)
        return
    for item in value:
        if _is_flow(item):
            yield f"{indent}- {flow(item)}"
        else:
            first, *rest = _block(item, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest


def _is_flow(value: Any) -> bool:
    """Whether a value goes on the line of its key: anything but a mapping, or a list that holds one, with something."""
    if isinstance(value, list):
        return not any(isinstance(item, (dict, list)) for item in value)
    return not (isinstance(value, dict) and value)


def flow(value: Any) -> str:
    """A plain value on one line of YAML, quoted where it needs it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            return "{}"
        case _:
            return _string(value)


def _string(text: str) -> str:
    if _BARE.fullmatch(text) and text.lower() not in _NOT_BARE:
        return text
    return '"' + "".join(_ESCAPES.get(char) or _escaped(char) for char in text) + '"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def _escaped(char: str) -> str:
    return escape(char) if char != "\x85" else "\\x85"
