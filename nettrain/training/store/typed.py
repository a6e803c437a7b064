"""Whether plain values that were read from a file have the types that a record declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

LARGEST = 1 << 53  # of a count: what every reader of JSON takes exactly


def misfits(value: Any, kind: Any, name: str) -> Iterator[str]:
    """What does not fit, as ``best.value: expected ..., got ...``; nothing if all does.

    Notes    ``kind`` is ``int`` (0 or more), ``float`` (an int will do), ``str``, None, a union of these, ``dict`` or
             ``list`` of a kind, a dataclass or TypedDict (its fields and no others), or a mapping of names to kinds.
    """
    if isinstance(kind, Mapping) or is_dataclass(kind) or is_typeddict(kind):
        fields = kind if isinstance(kind, Mapping) else get_type_hints(kind)
        if not isinstance(value, dict) or value.keys() != fields.keys():
            yield f"{name or 'metadata'}: expected {', '.join(fields)}, and nothing else"
            return
        for key, inner in fields.items():
            yield from misfits(value[key], inner, f"{name}.{key}" if name else key)
    elif get_origin(kind) is list and isinstance(value, list):
        for place, item in enumerate(value):
            yield from misfits(item, get_args(kind)[0], f"{name}.{place}")
    elif not _fits(value, kind):
        yield f"{name}: expected {getattr(kind, '__name__', kind)}, got {_short(value)}"


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if kind is float:
        return type(value) in (int, float)
    if kind is int:
        return type(value) is int and 0 <= value < LARGEST
    return value is None if kind is NoneType else isinstance(value, get_origin(kind) or kind)


def _short(value: Any, longest: int = 40) -> str:
    text = repr(value)
    return text if len(text) <= longest else f"{text[:longest]}..."
