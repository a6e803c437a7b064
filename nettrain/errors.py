"""What can go wrong: exit codes, places, faults, and how one of them becomes one line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ClassVar, Self

SHOWN_FAULTS = 20
SMALLER_RATE = "try a smaller learning rate"  # the cure of most divergences


class ExitCode(IntEnum):
    """The exit codes that scripts rely on; signals add 128 + their number."""

    OK = 0
    BUG = 1
    USAGE = 2
    DATA = 3
    CHECKPOINT = 4
    ENVIRONMENT = 5
    DIVERGED = 6
    GATE = 7
    STOPPED = 8


_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode general categories


def escape(text: object) -> str:
    """Make text from outside safe to print: control, bidi and surrogate characters become ``\\x1b``-like escapes."""
    return "".join(
        char.encode("unicode_escape").decode("ascii") if unicodedata.category(char) in _UNPRINTABLE else char
        for char in str(text)
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a text that a user wrote; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{escape(self.file)}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: ``where`` is a place in a text, a file's path, or nothing; ``key`` is a dotted key."""

    message: str
    where: Place | str | None = None
    key: str = ""

    def __str__(self) -> str:
        where = "" if self.where is None else f"{escape(self.where)}: "
        return where + (f"{escape(self.key)}: " if self.key else "") + escape(self.message)


class NettrainError(Exception):
    """A fault of the user's input or surroundings: printed as one line a fault, with the class's exit code."""

    code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(self, message: str = "", where: Place | str | None = None, *, faults: Iterable[Fault] = ()) -> None:
        self.faults = tuple(faults) or (Fault(message, where),)
        super().__init__("\n".join(map(str, self.faults)))

    def at(self, where: str) -> Self:
        """The same; a fault without a place is said to be there."""
        same = type(self).__new__(type(self))  # past the constructor, which may ask for other things
        same.__dict__.update(self.__dict__)
        faults = (fault if fault.where is not None else replace(fault, where=where) for fault in self.faults)
        NettrainError.__init__(same, faults=faults)
        return same

    def lines(self) -> list[str]:
        """The lines to print: at most 20 faults, then how many more there are."""
        lines = [f"nettrain: error: {fault}" for fault in self.faults[:SHOWN_FAULTS]]
        if (more := len(self.faults) - SHOWN_FAULTS) > 0:
            lines.append(f"nettrain: error: and {more} more")
        return lines


class ConfigError(NettrainError):
    """The config, or the command line, says something that cannot be."""

    code = ExitCode.USAGE


class DataError(NettrainError):
    """Pictures or folders are missing, unreadable, or do not match the classes."""

    code = ExitCode.DATA


class CheckpointError(NettrainError):
    """A checkpoint is damaged, or belongs to another model or config."""

    code = ExitCode.CHECKPOINT


class EnvironmentFault(NettrainError):
    """Disk, permission, memory or a lock is in the way."""

    code = ExitCode.ENVIRONMENT


class Diverged(NettrainError):
    """The training met NaN or infinity: ``what`` happened; ``cure`` is told with it, and is for where it stops."""

    code = ExitCode.DIVERGED

    def __init__(
        self, what: str = "", where: Place | str | None = None, *, cure: str = "", faults: Iterable[Fault] = ()
    ) -> None:
        self.what = what
        super().__init__(f"{what}; {cure}" if cure else what, where, faults=faults)
