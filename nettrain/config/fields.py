"""The vocabulary that records are declared in: limits, scalars, durations, choices from a table.

A record is a frozen dataclass whose field types say how each key is read, what it may be, and what docs and errors
call it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from nettrain.config.words import first_sentence

LARGEST = 2**31 - 1  # of a count; so far off that docs and errors name it only when it is met


@dataclass(frozen=True, slots=True)
class Limit:
    """The interval a number must lie in; prints itself in errors and docs."""

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False

    def holds(self, value: float) -> bool:
        above = self.low is None or (value > self.low if self.open_low else value >= self.low)
        below = self.high is None or (value < self.high if self.open_high else value <= self.high)
        return above and below

    def __str__(self) -> str:
        low = "" if self.low is None else f"{'above' if self.open_low else 'at least'} {self.low:.15g}"
        high = "" if self.high is None else f"{'below' if self.open_high else 'at most'} {self.high:.15g}"
        return " and ".join(part for part in (low, high if self.high != LARGEST or not low else "") if part)


class Environment:
    """Marks a key that cannot change the result (paths, threads, names): it stays out of checkpoints."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a field whose value is one row of the named table: a bare name, ``name: value`` or ``name: {...}``."""

    table: str


Count = Annotated[int, Limit(1, LARGEST)]
Whole = Annotated[int, Limit(0, LARGEST)]
Rate = Annotated[float, Limit(0)]
Positive = Annotated[float, Limit(0, open_low=True)]
Fraction = Annotated[float, Limit(0, 1, open_high=True)]


class FilePath(str):
    """A path as the user meant it: absolute, read relative to the file (or the shell, for ``--set``) that names it."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of training, such as ``200 steps``, ``1 epochs`` or ``30 minutes`` (also ``30m``, ``2h``)."""

    amount: float
    unit: Literal["steps", "epochs", "seconds"]

    def __str__(self) -> str:
        number = int(self.amount) if self.amount == int(self.amount) else self.amount
        return f"{number} {self.unit}"


class Record:
    """Base of every config record; subclasses are frozen dataclasses.

    ``class DropoutConfig(Record, short="rate", aliases={"p": "rate"})``: ``short`` names the field that a bare value
    sets (``dropout: 0.2``), ``aliases`` the names that other tools use for a field, ``leads`` where an override
    of a key goes that stands further in, such as ``--lr`` of an optimizer in an optimizer. A field called
    ``from_`` has the key ``from``: one trailing underscore is for Python's eyes only.
    """

    short: ClassVar[str | None] = None
    aliases: ClassVar[Mapping[str, str]] = MappingProxyType({})
    leads: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init_subclass__(
        cls,
        short: str | None = None,
        aliases: Mapping[str, str] | None = None,
        leads: Mapping[str, str] | None = None,
    ) -> None:
        super().__init_subclass__()
        if short is not None:
            cls.short = short
        if aliases is not None:
            cls.aliases = MappingProxyType({**cls.aliases, **aliases})
        if leads is not None:
            cls.leads = MappingProxyType({**cls.leads, **leads})

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield ``(key, message)`` for what no single field can see; ``given`` are the keys that the user typed."""
        yield from ()


@dataclass(frozen=True)
class NoSettings(Record):
    """The record of a kind that has nothing to set."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One row picked from a table: its kind, its settings, and the dotted key where the user wrote it."""

    kind: str
    settings: Any
    key: str = field(default="", compare=False)


@dataclass(frozen=True)
class Table:
    """The kinds a ``OneOf`` may name, each with its record; ``aliases`` are other tools' names for them.

    ``does`` says of each kind in a line what it does.
    """

    rows: Mapping[str, type[Record]]
    aliases: Mapping[str, str] = field(default_factory=dict)
    does: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Mapping[str, tuple[Any, ...]], aliases: Mapping[str, str] | None = None) -> Table:
        """From rows of a record and what carries a kind out, whose docstring says what that is."""
        does = {kind: first_sentence(row[1]) for kind, row in rows.items()}
        return cls({kind: row[0] for kind, row in rows.items()}, aliases or {}, does)
