"""Which parameters weight decay leaves alone: those whose names match a pattern of ``no_decay``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from nettrain.errors import ConfigError, Fault

SHOWN_NAMES = 6


def decayed(names: Iterable[str], patterns: Sequence[str]) -> dict[str, bool]:
    """For each parameter's name whether its weights decay: those that match no pattern do.

    Errors   ``ConfigError`` with a fault for each pattern that matches no name; keys as ``no_decay.0``.
    Notes    Patterns are as a shell's: ``*.bias``, ``layers.[0-3].*``; ``*`` runs across dots, and case matters.
    """
    names = tuple(names)
    if faults := unmatched(names, patterns):
        raise ConfigError(faults=[Fault(message, key=key) for key, message in faults])
    return {name: not any(fnmatchcase(name, pattern) for pattern in patterns) for name in names}


def unmatched(names: Iterable[str], patterns: Sequence[str]) -> list[tuple[str, str]]:
    """A ``(key, message)`` for each pattern that matches no name; the keys count from ``no_decay.0``."""
    names = tuple(names)
    shown = ", ".join(names[:SHOWN_NAMES]) + (", ..." if len(names) > SHOWN_NAMES else "")
    return [
        (f"no_decay.{place}", f"{pattern!r} matches no parameter; the parameters are {shown}")
        for place, pattern in enumerate(patterns)
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
