"""What a class may be called."""

from __future__ import annotations

import unicodedata

from nettrain.data.labels import SEPARATOR

_NOT_IN_A_NAME = frozenset({"Cc", "Zl", "Zp"})  # Unicode: control characters, line and paragraph separators


def unfit_name(name: str) -> str | None:
    """Why a class cannot have this name, if so."""
    if not name:
        return "a class has no name; expected one"
    if any("\udc80" <= char <= "\udcff" for char in name):
        return "the name of a class must be UTF-8"
    if any(unicodedata.category(char) in _NOT_IN_A_NAME for char in name):
        return "the name of a class must not have control characters or line breaks"
    return None


def unfit_among_several(name: str) -> str | None:
    """Why a class cannot have this name where a picture may have several labels, if so."""
    if SEPARATOR in name:
        return f"the name of a class must not have a {SEPARATOR!r}, which stands between several labels"
    return None
