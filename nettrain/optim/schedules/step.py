"""A learning rate that falls by a factor at regular intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from nettrain.config.fields import Duration, Limit
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig, steps_of


@dataclass(frozen=True, kw_only=True)
class StepConfig(ScheduleConfig, short="every", aliases={**ScheduleConfig.aliases, "step_size": "every"}):
    """Settings of ``step``: after each ``every`` the learning rate is multiplied by ``gamma``."""

    every: Annotated[Duration, Limit(0, open_low=True)]
    gamma: Annotated[float, Limit(0, 1, open_low=True, open_high=True)] = 0.1


def step(settings: StepConfig, course: Course) -> Schedule:
    """Falls by a factor at regular intervals.

    gamma to the power of the intervals that have passed: 1 at step 0, gamma ** ((total - 1) // every) at the last.

    Notes    Intervals count from step 0, the warm-up included.
    Source   He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016, section 3.4.
    """
    every = steps_of(settings.every, course.steps_per_epoch)
    return lambda at, history: float(settings.gamma ** (at // every))
