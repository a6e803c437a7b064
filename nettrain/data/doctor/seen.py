"""What a kind of finding saw: names, words, and which pictures or paths it is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was seen.

    Notes    ``about`` are the names that the finding's id is made of. ``message`` is one line. ``places`` are of
             pictures, ``paths`` of whatever is none.
    """

    about: tuple[str, ...]
    message: str
    places: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
