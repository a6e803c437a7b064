"""The nearest right name for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 60  # characters; nothing longer is a slip of the hand, and comparing costs the square


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name that the user most likely meant, whatever its case, or None."""
    if len(name) > LONGEST:
        return None
    by_lower = {known.lower(): known for known in names}
    found = difflib.get_close_matches(name.lower().replace("-", "_"), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """What to put after a wrong name if one of these is like it, else nothing."""
    known = nearest(name, names)
    return f"; did you mean {known!r}?" if known is not None else ""


def spaced(name: str) -> str:
    """What to put after a wrong key that is a key and a value run together, as ``fold:2``, else nothing."""
    key, colon, value = name.partition(":")
    return f"; write '{key}: {value}', with a space after the colon" if key.isidentifier() and colon and value else ""


def hint(name: str, names: Iterable[str], aliases: Iterable[str], listed: str) -> str:
    """What to put after ``unknown ...``: the nearest name, or else the nearest alias, or else all names there are."""
    names = tuple(names)
    return did_you_mean(name, names) or did_you_mean(name, aliases) or f"; {listed} {', '.join(map(repr, names))}"
