"""A limit on the time of one call of a command: it decides when a training stops, never what comes out of it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from nettrain.config.document import Document
from nettrain.config.dotted import Override
from nettrain.config.fields import Duration, Record
from nettrain.config.reader import read_text
from nettrain.config.words import shown
from nettrain.errors import ConfigError, Fault
from nettrain.training.config import Config, MaxTime


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
        return _in_words(self.most)


def _in_words(most: Duration) -> str:
    for unit, seconds in (("hour", 3600), ("minute", 60)):
        if most.amount % seconds == 0:
            return _counted(most.amount / seconds, unit)
    return _counted(most.amount, "second")


def _counted(amount: float, unit: str) -> str:
    return f"{amount:g} {unit}{'' if amount == 1 else 's'}"


@dataclass(frozen=True)
class TimeOnly(Record):
    """A time on its own, as ``--max-time`` gives it."""

    max_time: MaxTime


def read_time(text: str, document: Document[Config] | None = None) -> Duration:
    """What ``--max-time`` says. Errors: ``ConfigError``, also if an override in ``document`` says something else."""
    given = Override("max_time", text, "--max-time")
    most = read_text("{}", "--max-time", TimeOnly, {}, os.curdir, [given]).config.max_time
    other = None if document is None else document.config.train.max_time
    if document is not None and other is not None and other != most:
        file = document.places["train.max_time"].file
        if file != document.places[""].file:  # an override, and not the config's own, which the option goes before
            message = f"got {shown(text)}, but {file} says {_in_words(other)}; give one of them"
            raise ConfigError(faults=[Fault(message, given.place, given.key)])
    return most
