"""How figures are taken and what is said of them: rounds in turn, median, spread, and the ratio between two sides."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Run = Callable[[], float]  # one round: seconds of a call, or bytes


@dataclass(frozen=True)
class Spread:
    """The middle of some figures and how far they lie apart."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Ratio:
    """How many times less ours takes than the other does: more than 1 is better for ours.

    ``medians`` is the ratio of the two medians; ``rounds`` the median and spread of the ratios within each round, in
    which both met the same noise.
    """

    medians: float
    rounds: Spread


def in_turn(contenders: Mapping[str, Run], rounds: int, warm_up: int = 1) -> dict[str, list[float]]:
    """The figures of each, A B A B ..., after some rounds to warm up."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(warm_up + rounds):
        for name, run in contenders.items():
            figures[name].append(run())
    return {name: taken[warm_up:] for name, taken in figures.items()}


def timed(run: Callable[[], object]) -> Run:
    """The seconds that a call takes."""

    def seconds() -> float:
        begun = time.perf_counter()
        run()
        return time.perf_counter() - begun

    return seconds


def spread(figures: Sequence[float]) -> Spread:
    """Median, lowest and highest."""
    return Spread(statistics.median(figures), min(figures), max(figures))


def ratio(ours: Sequence[float], other: Sequence[float]) -> Ratio:
    """The other's figures as a multiple of ours, round by round."""
    each = [b / a for a, b in zip(ours, other, strict=True)]
    return Ratio(statistics.median(other) / statistics.median(ours), spread(each))


def calls_for(seconds: float, once: float) -> int:
    """How many calls make up a round of about so many seconds, if one takes ``once``."""
    return max(1, round(seconds / max(once, 1e-9)))
