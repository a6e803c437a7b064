"""How values, names, keys and sizes are put into a message: quoted, shortened, listed."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence

SHOWN_CHARACTERS = 60


def short(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """At most so many characters of a text, 60 if not told."""
    return text if len(text) <= most else text[: most - 3] + "..."


def shown(text: str) -> str:
    """A text in quotes, with escapes, shortened."""
    return repr(short(text))


def segment(text: str) -> str:
    """A key of the user's as one part of a dotted key."""
    return short(text)


def joined(prefix: str, name: str) -> str:
    """A dotted key."""
    return f"{prefix}.{name}" if prefix and name else prefix or name


def either(words: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def together(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def few(words: Sequence[str], most: int) -> str:
    """``a, b and 3 more``: the first of them, and how many there are beside."""
    left = len(words) - most
    return ", ".join(words[:most]) + (f" and {left} more" if left > 0 else "")


def plural(noun: str) -> str:
    """``epochs`` for ``epoch``, ``entries`` for ``entry``, ``classes`` for ``class``."""
    if noun.endswith(("s", "tch", "nch", "sh", "x")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"


def some(number: int, noun: str) -> str:
    """``1 picture``, ``2 pictures``, ``0 entries``: so many things, each of which is called ``noun``."""
    return f"{number} {noun if number == 1 else plural(noun)}"


def singular(table: str) -> str:
    """What one row of a table is called: ``layer`` for ``layers``, ``loss`` for ``losses``."""
    for plural, one in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if table.endswith(plural):
            return table.removesuffix(plural) + one
    return table


def a(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def first_sentence(documented: object) -> str:
    """What a docstring begins with, on one line and without its full stop."""
    if documented is None:
        return "nothing"
    text = inspect.cleandoc(getattr(documented, "__doc__", None) or "")
    return " ".join(text.split("\n\n")[0].split(".  ")[0].split()).rstrip(".")


def megabytes(count: int) -> str:
    """A size for people: ``7.3 MB``, ``396 MB``, ``1.2 GB``."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count < 1e8 else f"{count / 1e6:.0f} MB"
