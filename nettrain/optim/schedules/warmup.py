"""What every schedule shares: a linear warm-up, and durations counted in steps.

A schedule is a pure function ``factor(step, history)``; the learning rate of a step is the optimizer's ``lr`` times it.
Steps count from 0. ``history`` holds the monitored number of each finished epoch, for schedules that look at it.

In a warm-up of W steps, step s is scaled by (s + 1) / W on top of the schedule: step 0 by 1 / W, step W - 1 by 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nettrain.config.fields import Duration, Record

Schedule = Callable[[int, Sequence[float]], float]


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig(Record, aliases={"warm_up": "warmup"}):
    """Base of the schedules' records; ``warmup`` is how long the learning rate rises to its full height.

    Source   Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017, section 2.2.
    """

    warmup: Duration = Duration(0, "steps")

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        for key, value in vars(self).items():
            if isinstance(value, Duration) and value.unit == "seconds":
                yield key, f"expected steps or epochs, got {value}; a schedule may not depend on time"


def steps_of(duration: Duration, steps_per_epoch: int) -> int:
    """A duration in whole steps, the nearest number; at least 1 unless it is 0."""
    steps = duration.amount * {"steps": 1, "epochs": steps_per_epoch}[duration.unit]
    return max(round(steps), 1) if steps > 0 else 0


def warmed(schedule: Schedule, warmup: int) -> Schedule:
    """The schedule with a linear rise over its first ``warmup`` steps."""

    def factor(step: int, history: Sequence[float]) -> float:
        rise = (step + 1) / warmup if step < warmup else 1.0
        return rise * schedule(step, history)

    return factor
