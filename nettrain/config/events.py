"""The events of a YAML text, within caps; whatever PyYAML can raise becomes one fault with a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from nettrain.config.source import MAX_BYTES, place_at
from nettrain.errors import Fault, Place, escape

MAX_DEPTH = 64
MAX_NODES = 20_000

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # YAML 1.1, section 5.1
_WORDS = {
    "<stream end>": "the end of the text",
    "<document end>": "the end of the document",
    "<document start>": "'---'",
    "<block end>": "the end of the block",
    "<block mapping start>": "a key",
    "<block sequence start>": "a list",
    "<scalar>": "text",
}
_CLEARER = (
    (r"found character '\\t' that cannot start any token", "a tab cannot stand here; use spaces"),
    (r"found character '(.)' that cannot start any token", r"'\1' cannot begin a value; quote the text"),
    ("mapping values are not allowed here", "a ':' cannot stand here; indent the line, or quote the text"),
    ("could not find expected ':'", "a key without a ':'"),
    ("sequence entries are not allowed here", "a '-' cannot stand here; put the list on lines of its own"),
    ("expected the node content, but found .*", "a key or a value is missing here"),
    ("expected '<document start>', but found .*", "text after the end of the document"),
    ("expected <block end>, but found .*", "this line does not belong to the block above; check its indentation"),
    ("found unexpected end of stream", "a quote is never closed"),
    ("found unknown escape character (.*)", r"\1 is no escape in double quotes; use single quotes or double the '\\'"),
)


class Unreadable(Exception):
    """The text stops being YAML here; nothing after this place can be trusted."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def events(text: str, file: str) -> Iterator[tuple[Any, Place]]:
    """Each event of a text with its place.

    Errors   Unreadable at the first fault of syntax, at more than 64 levels, 20,000 nodes or 1 MiB.
    Notes    The scanner is the pure Python one: it gives places, and the same messages everywhere.
    """
    if len(text) > MAX_BYTES:
        raise Unreadable(Fault(f"is {len(text)} characters long; at most {MAX_BYTES} are read", Place(file, 1, 1)))
    if bad := _FORBIDDEN.search(text):
        raise Unreadable(Fault(_forbidden(bad.group()), place_at(text[: bad.start()], file)))
    depth = nodes = 0
    for event in _parsed(text, file):
        place = _place(event.start_mark, file)
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if nodes > MAX_NODES:
                raise Unreadable(Fault(f"too large; at most {MAX_NODES} keys and values are read", place))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(Fault(f"nested too deep; at most {MAX_DEPTH} levels are read", place))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        yield event, place


def _parsed(text: str, file: str) -> Iterator[Any]:
    place = Place(file, 1, 1)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            place = _place(event.end_mark, file)
            yield event
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_fault(error, file)) from None
    except Exception as error:  # noqa: BLE001 - the decoder boundary: PyYAML lets IndexError, ValueError, ... out
        raise Unreadable(Fault(f"not valid YAML: {type(error).__name__} ({error})", place)) from None


def _place(mark: Any, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _fault(error: Any, file: str) -> Fault:
    """One clear line out of PyYAML's several."""
    mark, problem = error.problem_mark or error.context_mark, error.problem or error.context
    for pattern, clearer in _CLEARER:
        if match := re.fullmatch(pattern, problem):
            if "could not find" in pattern or "end of stream" in pattern:
                mark = error.context_mark
            return Fault(f"not valid YAML: {match.expand(clearer)}", _place(mark, file))
    for name, word in _WORDS.items():
        problem = problem.replace(f"'{name}'", word).replace(name, word)
    begun = error.context_mark
    opening = {"while parsing a flow sequence": "'['", "while parsing a flow mapping": "'{'"}.get(error.context or "")
    where = f"; the {opening} is at {begun.line + 1}:{begun.column + 1}" if opening and begun else ""
    return Fault(f"not valid YAML: {problem}{where}", _place(mark, file))


def _forbidden(char: str) -> str:
    if char == "\0":
        return "a NUL character; a config is text (UTF-16? save it as UTF-8)"
    kind = "a lone surrogate" if "\ud800" <= char <= "\udfff" else "the control character"
    return f"{kind} {escape(char)} cannot stand in YAML; write it as an escape in double quotes"
