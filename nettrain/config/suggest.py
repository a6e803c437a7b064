"""The nearest right name for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 60  # characters; nothing longer is a slip of the hand, and comparing costs the square


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name that the user most likely meant, whatever its case, or None.

    Notes    One of which the name leaves out words or ends of words goes before one that is spelt much like it.
    """
    if len(name) > LONGEST:
        return None
    by_lower = {known.lower(): known for known in names}
    wanted = name.lower().replace("-", "_")
    if whole := [known for known in by_lower if _shortens(wanted, known)]:
        return by_lower[min(whole, key=lambda known: known.count("_"))]
    found = difflib.get_close_matches(wanted, by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def _shortens(name: str, known: str) -> bool:
    """Whether all words of a name begin words of another in their order, as ``val_acc`` those of ``val_accuracy``."""
    left = iter(known.split("_"))
    return "_" in name and all(part and any(word.startswith(part) for word in left) for part in name.split("_"))


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
