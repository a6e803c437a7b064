"""One finding: its kind, what was seen, and an id that is the same in every run and on every machine."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from nettrain.data.doctor.case import Case
from nettrain.data.doctor.seen import Seen

_ID_DIGITS = 12


class Severity(IntEnum):
    """How grave a kind is: an error stops fit or makes its figures false, a warning makes the model worse."""

    ERROR = 0
    WARNING = 1
    NOTE = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: its title, how grave it is, what to do about it, and what looks for it.

    Notes    ``to_see``: whether the pictures that a finding is about say something to the eye.
    """

    title: str
    severity: Severity
    what_to_do: str
    find: Callable[[Case], Iterator[Seen]]
    to_see: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, and of which kind, by its name in the table."""

    name: str
    kind: Kind
    seen: Seen

    @property
    def id(self) -> str:
        """The kind, and a hash of the names that this is about, in Unicode NFC."""
        names = (unicodedata.normalize("NFC", name) for name in (self.name, *sorted(self.seen.about)))
        text = b"\0".join(name.encode("utf-8", "surrogateescape") for name in names)
        return f"{self.name}-{hashlib.sha256(text).hexdigest()[:_ID_DIGITS]}"
