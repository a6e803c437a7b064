"""What is to be measured: a row and its contenders, in plain records that need neither NumPy nor a peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.workshop import Workshop

BATCH = 128
OURS = "nettrain"
PICTURES = 50_000  # of a whole fit
Unit = Literal["seconds", "bytes"]


@dataclass(frozen=True)
class Settings:
    """What the rows are made for: numbers of threads, and how many pictures a whole fit takes."""

    threads: tuple[int, ...]
    pictures: int = PICTURES


@dataclass(frozen=True)
class Job:
    """What a child is told to prepare: a case of a group, for so many pictures, in one of the side's variants."""

    group: str
    case: str
    batch: int = BATCH
    variant: str = ""
    folder: str = ""  # of pictures, where the case reads any


@dataclass(frozen=True)
class Kept:
    """A contender in a process that is kept alive: its figure is the mean of the calls of one round."""

    label: str
    side: str
    threads: int
    job: Job
    pictures: str = ""  # which folder of the workshop the job reads


@dataclass(frozen=True)
class Fresh:
    """A contender in a new process each round: its figure is the peak of memory above that of the imports."""

    label: str
    side: str
    threads: int
    job: Job


@dataclass(frozen=True)
class Command:
    """A contender that is a whole program, start and end included; ``package`` is what it needs to have installed.

    Notes   ``arguments`` makes the command line anew for each round; what it has to set up first is not counted.
    """

    label: str
    arguments: Callable[[Workshop], Sequence[str]]
    package: str = ""


Contender = Kept | Fresh | Command


@dataclass(frozen=True)
class Row:
    """A case on a number of threads, with those who do it: ours first. Less is better, whatever the unit."""

    group: str
    case: str
    threads: int
    contenders: tuple[Contender, ...]
    unit: Unit = "seconds"

    @property
    def name(self) -> str:
        """What is typed on the command line to choose it."""
        return f"{self.group}/{self.case}"


def counted(number: int, what: str) -> str:
    """``1 thread``, ``2 threads``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
