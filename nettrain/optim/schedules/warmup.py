"""What every schedule shares: the course of a training, a linear warm-up, and durations counted in steps.

A schedule is a pure function ``factor(step, history)``; the learning rate of a step is the optimizer's ``lr`` times it.
Steps count from 0. ``history`` holds the monitored number of each finished epoch, for schedules that look at it.

In a warm-up of W steps, step s is scaled by (s + 1) / W on top of the schedule: step 0 by 1 / W, step W - 1 by 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from nettrain.config.fields import Duration, Record

Schedule = Callable[[int, Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class Course:
    """What a schedule is made for: the steps of the training, of an epoch and of the warm-up.

    ``better`` says whether more or less of the monitored number is better.
    """

    steps: int
    steps_per_epoch: int
    better: Literal["max", "min"] = "max"
    warmup: int = 0

    def passed(self, step: int) -> float:
        """The share of the steps after the warm-up that lie before this one, from 0 up to 1."""
        length = max(self.steps - self.warmup, 1)
        return min(max(step - self.warmup, 0) / length, 1.0)


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig(Record, aliases={"warm_up": "warmup"}):
    """Base of the schedules' records; ``warmup`` is how long the learning rate rises to its full height.

    Notes    One that ``ends`` is at its end when the training is: a run does not go on with it.
    Source   Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017, section 2.2.
    """

    ends: ClassVar[bool] = False

    warmup: Duration = Duration(0, "steps")

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        for key, value in vars(self).items():
            items = {f"{key}.{place}": item for place, item in enumerate(value)} if isinstance(value, tuple) else {}
            for name, item in {key: value, **items}.items():
                if isinstance(item, Duration) and item.unit == "seconds":
                    yield name, f"expected steps or epochs, got {item}; a schedule may not depend on time"


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
