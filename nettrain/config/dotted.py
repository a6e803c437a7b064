"""A value for a dotted key, ``a.b=c``, as the command line and Python give it."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.config.events import MAX_DEPTH
from nettrain.config.words import shown
from nettrain.errors import Place


@dataclass(frozen=True, slots=True)
class Override:
    """One value for one dotted key; ``file`` is what errors call it, such as ``--set[2]`` or ``--lr``.

    One that is ``sole`` goes together with none before it that gives the key another value.
    """

    key: str
    text: str
    file: str
    sole: bool = False

    @property
    def place(self) -> Place:
        return Place(self.file, 1, 1)


class Misplaced(Exception):
    """Why a dotted key leads nowhere; the message is the exception's text."""


def parse_override(text: str, number: int) -> Override:
    """The override that ``a.b=c`` means; ``number`` is its position among the ``--set`` options, from 1."""
    key, equals, value = text.partition("=")
    return Override(key if equals else "", value if key and equals else text, f"--set[{number}]")


def segments_of(override: Override) -> list[str]:
    """The parts of its key. Errors: ``Misplaced``."""
    if not override.key:
        raise Misplaced(f"expected key=value, such as 'train.epochs=3', got {shown(override.text)}")
    segments = override.key.split(".")
    if not all(segments):
        raise Misplaced("expected a dotted key without empty parts")
    if len(segments) > MAX_DEPTH:
        raise Misplaced(f"nested too deep; at most {MAX_DEPTH} levels are read")
    return segments
