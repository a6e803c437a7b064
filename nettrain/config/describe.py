"""What a field expects, in words: the one place where errors and the reference get them from."""

from __future__ import annotations

from typing import Any

from nettrain.config.fields import Limit
from nettrain.config.forms import (
    Choice,
    Either,
    Fixed,
    Form,
    Integer,
    Kind,
    Length,
    Listed,
    Named,
    Path,
    Real,
    Settings,
    Text,
    Truth,
    form_of,
    keys_of,
)
from nettrain.config.words import a, either, singular


def describe(annotation: Any) -> str:
    """What a field of this type expects, as errors and docs say it: ``a whole number of at least 1``.

    Notes    Takes an annotation, such as ``Count`` or ``tuple[Count, Count]``, or a form.
    """
    return _describe(form_of(annotation))


def noun(form: Form) -> str:
    """The same without limits: ``a whole number``, for a value that is not even that."""
    match form:
        case Integer():
            return "a whole number"
        case Real():
            return "a number"
        case Fixed() | Listed():
            return "a list"
        case Named():
            return "a mapping of names"
        case _:
            return _describe(form)


def _describe(form: Form) -> str:
    match form:
        case Integer(limit) | Real(limit):
            return noun(form) + _of(limit)
        case Truth():
            return "true or false"
        case Text():
            return "text"
        case Path():
            return "a path"
        case Length(time=True):
            return "a time such as '90s', '30m' or '2h'"
        case Length():
            return "a duration such as '200 steps', '1 epochs' or '30 minutes'"
        case Choice(values):
            return either(_values(values))
        case Fixed(items):
            if len(set(items)) == 1:
                return f"a list of {len(items)}, each {_describe(items[0])}"
            return "a list of " + ", ".join(map(_describe, items))
        case Listed(Kind(table), limit):
            return f"a list of {table}{_items(limit)}"
        case Listed(item, limit):
            return f"a list{_items(limit)}, each {_describe(item)}"
        case Named(item):
            return f"a mapping of names, each {_describe(item)}"
        case Settings(record):
            if record.short is None:
                return "a mapping"
            return f"a mapping or {_describe(keys_of(record)[record.short].form)}"
        case Kind(table):
            return a(singular(table))
        case Either(options):
            return either([words for option in options for words in _parts(option)])


def _parts(option: Form) -> list[str]:
    return _values(option.values) if isinstance(option, Choice) else [_describe(option)]


def _of(limit: Limit) -> str:
    text = str(limit)
    return f" {'of ' if text.startswith('at') else ''}{text}" if text else ""


def _items(limit: Limit) -> str:
    return f" with {limit} item{'' if str(limit).endswith(' 1') else 's'}" if str(limit) else ""


def _values(values: tuple[str | int | bool, ...]) -> list[str]:
    return [repr(value).lower() if isinstance(value, bool) else repr(value) for value in values]
