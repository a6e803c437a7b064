"""Quality gates: what a model must reach on pictures that it has not learnt from, and whether it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nettrain.config.fields import FilePath, Fraction, Limit, Record
from nettrain.errors import DataError
from nettrain.training.judging.statistics import paired_bootstrap, wilson_interval

Share = Annotated[float, Limit(0, 1, open_low=True)]


@dataclass(frozen=True)
class NotWorseThan(Record, short="run"):
    """The best model of another ``run``, or a model file, judged on the same pictures; ``by`` is what may be lost."""

    run: FilePath
    by: Fraction = 0.0


@dataclass(frozen=True)
class GateConfig(Record, aliases={"min_accuracy": "accuracy"}):
    """What the best model must reach on the test pictures, or else on those to validate on: exit code 7 if not.

    ``worst_class_recall`` is the share of a class's pictures that are found, of the class with the least. What counts
    is the number measured (``use: point``) or the lower end of its 95 % interval (``use: lower``).
    """

    accuracy: Share | None = None
    worst_class_recall: Share | None = None
    not_worse_than: NotWorseThan | None = None
    use: Literal["point", "lower"] = "point"

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        limits = {"accuracy": self.accuracy, "worst_class_recall": self.worst_class_recall}
        if self.not_worse_than is None and all(limit is None for limit in limits.values()):
            yield "", f"has no effect: it asks for nothing; name {', '.join(limits)} or not_worse_than"
        for key, limit in limits.items():
            if self.use == "lower" and limit == 1:
                yield key, "1 can never be met with use: lower, because no interval is that short; expected less"


@dataclass(frozen=True)
class Seen:
    """How N labelled pictures were classified: ``labels (N,)``, and ``hits (N,)``, the share of runs that are right."""

    split: str
    classes: tuple[str, ...]
    labels: NDArray[np.integer]
    hits: NDArray[np.float64]
    runs: int = 1


@dataclass(frozen=True)
class Gate:
    """A gate that was judged: its ``value`` on n pictures with the 95 % interval, and the ``limit`` it must reach.

    ``of`` is the class or the other run that it is about.
    """

    name: str
    split: str
    value: float
    limit: float
    use: Literal["point", "lower"]
    n: int
    interval: tuple[float, float]
    of: str | None = None
    runs: int = 1

    @property
    def met(self) -> bool:
        return (self.value if self.use == "point" else self.interval[0]) >= self.limit

    def row(self) -> dict[str, Any]:
        """As JSON has it."""
        about = {} if self.of is None else {ABOUT[self.name]: self.of}
        many = {} if self.runs == 1 else {"runs": self.runs}
        measured = {"n": self.n, "interval": list(self.interval), **many, **about}
        return {
            "gate": self.name,
            "met": self.met,
            "value": self.value,
            "limit": self.limit,
            "use": self.use,
        } | measured

    def __str__(self) -> str:
        low, high = self.interval
        mean = "" if self.runs == 1 else f", the mean of {self.runs} runs,"
        end = "" if self.use == "point" else " at its lower end"
        pictures = f"{self.n} {self.split} picture{'' if self.n == 1 else 's'}"
        return (
            f"{WORDS[self.name].format(self.of)} is {self.value:.4f}{mean} on {pictures} "
            f"(95 % interval {low:.4f} to {high:.4f}); expected at least {self.limit:g}{end}"
        )


ABOUT = {"worst_class_recall": "label", "not_worse_than": "run"}
WORDS = {
    "accuracy": "accuracy",
    "worst_class_recall": "recall of the worst class, {!r},",
    "not_worse_than": "accuracy less that of {}",
}


def judge_gates(gate: GateConfig, seen: Seen, other: NDArray[np.float64] | None = None) -> tuple[Gate, ...]:
    """Each gate that the config names, judged; ``other (N,)`` are the hits of the run it may not be worse than.

    Errors   DataError for a class without pictures where the worst recall is asked for.
    """
    found = []
    n = len(seen.hits)

    def made(name: str, value: float, limit: float, n: int, interval: tuple[float, float], of: str | None) -> None:
        found.append(Gate(name, seen.split, value, limit, gate.use, n, interval, of, seen.runs))

    if gate.accuracy is not None:
        value, interval = _share(seen.hits, seen.runs)
        made("accuracy", value, gate.accuracy, n, interval, None)
    if gate.worst_class_recall is not None:
        recalls = [_recall(seen, place) for place in range(len(seen.classes))]
        worst = min(recalls, key=lambda one: one[0] if gate.use == "point" else one[2][0])
        made("worst_class_recall", worst[0], gate.worst_class_recall, *worst[1:])
    if gate.not_worse_than is not None:
        if other is None:
            raise ValueError("a gate on another run needs that run's hits")
        difference = seen.hits - other
        value, run = _sum(difference, seen.runs) / (n * seen.runs), os.fspath(gate.not_worse_than.run)
        made("not_worse_than", value, 0.0 - gate.not_worse_than.by, n, paired_bootstrap(difference), run)
    return tuple(found)


def _recall(seen: Seen, place: int) -> tuple[float, int, tuple[float, float], str]:
    hits = seen.hits[seen.labels == place]
    if not len(hits):
        name = seen.classes[place]
        raise DataError(f"there are no {seen.split} pictures of {name!r}, so the recall of the worst class is unknown")
    value, interval = _share(hits, seen.runs)
    return value, len(hits), interval, seen.classes[place]


def _share(hits: NDArray[np.float64], runs: int) -> tuple[float, tuple[float, float]]:
    """The mean of the hits of n pictures, and its interval."""
    right, n = _sum(hits, runs), len(hits)
    return right / (n * runs), wilson_interval(right / runs, n)


def _sum(shares: NDArray[np.float64], runs: int) -> int:
    """The sum of shares of the runs, in whole hits: thirds that are added up could end just below a limit."""
    return round(float(shares.sum()) * runs)
