"""A limit on the time of one call of a command: it decides when a training stops, never what comes out of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from nettrain.config.fields import Duration, Record
from nettrain.config.overrides import Override
from nettrain.config.reader import read_text
from nettrain.training.config import MaxTime, time_fault


class TimeUp(Exception):
    """The time is up before the end of the training; it was saved and can go on. Holds the limit in words."""


@dataclass(frozen=True)
class TimeLimit:
    """At most so long from ``begun``, a moment of ``time.monotonic``."""

    most: Duration
    begun: float

    def reached(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self.begun >= self.most.amount

    def __str__(self) -> str:
        for unit, seconds in (("hour", 3600), ("minute", 60)):
            if self.most.amount % seconds == 0:
                return _counted(self.most.amount / seconds, unit)
        return _counted(self.most.amount, "second")


def _counted(amount: float, unit: str) -> str:
    return f"{amount:g} {unit}{'' if amount == 1 else 's'}"


@dataclass(frozen=True)
class TimeOnly(Record):
    """A time on its own, as ``--max-time`` gives it."""

    max_time: MaxTime

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from time_fault(self.max_time)


def read_time(text: str) -> Duration:
    """What ``--max-time`` says. Errors: ``ConfigError``."""
    given = Override("max_time", text, "--max-time")
    return read_text("{}", "--max-time", TimeOnly, {}, os.curdir, [given]).config.max_time
