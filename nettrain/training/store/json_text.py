"""JSON that is always the same text for the same value, and a reader that accepts nothing doubtful."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import numpy as np

MAX_DEPTH = 64
MAX_VALUES = 1 << 18  # a reader of hostile text needs about 100 bytes of memory a value

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def plain(value: Any) -> Any:
    """NumPy numbers and arrays as Python's own; a float32 becomes the float whose shortest text gives it back."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return float(str(value)) if isinstance(value, np.float32 | np.float16) else value.item()
    if isinstance(value, dict):
        if wrong := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"the key {wrong[0]!r} is not text")  # json would turn 1 into "1" without a word
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def canonical(value: Any) -> str:
    """One line: keys sorted, no spaces, floats shortest, only ASCII. Errors: ValueError for NaN and infinity."""
    return _dump(value, sort_keys=True, separators=(",", ":"))


def readable(value: Any) -> str:
    """For people: keys sorted, two spaces a level, only ASCII, a newline at the end."""
    return _dump(value, sort_keys=True, indent=2) + "\n"


def by_key(value: dict[str, Any]) -> str:
    """For people and programs: a line for each key, in the order given, so that a matrix does not take a page."""
    lines = (f"{json.dumps(key)}: {_dump(item)}" for key, item in value.items())
    return "{\n  " + ",\n  ".join(lines) + "\n}\n"


def _dump(value: Any, **form: Any) -> str:
    try:
        return json.dumps(plain(value), allow_nan=False, **form)
    except ValueError as error:
        raise ValueError("NaN or infinity") from error


def parse(text: str) -> Any:
    """Read JSON of bounded depth and size. Errors: ValueError says what is wrong, repeated keys and NaN among it."""
    check_size(text)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos}") from error


def check_size(text: str) -> None:
    """Refuse text of too many values or too deep, before anything is built from it. Errors: ValueError."""
    bare = _STRING.sub("", text)
    if (values := bare.count(",") + bare.count("[") + bare.count("{")) > MAX_VALUES:
        raise ValueError(f"{values} values; at most {MAX_VALUES}")
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")
