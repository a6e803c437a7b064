"""A learning rate that falls by the same share all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from nettrain.config.fields import Duration, Limit
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig, steps_of


@dataclass(frozen=True, kw_only=True)
class ExponentialConfig(
    ScheduleConfig,
    short="gamma",
    aliases={**ScheduleConfig.aliases, "decay_rate": "gamma", "decay_steps": "every"},
):
    """Settings of ``exponential``: in each ``every`` the learning rate falls to the share ``gamma`` of what it was."""

    gamma: Annotated[float, Limit(0, 1, open_low=True, open_high=True)]
    every: Annotated[Duration, Limit(0, open_low=True)] = Duration(1, "epochs")


def exponential(settings: ExponentialConfig, course: Course) -> Schedule:
    """Falls by the same share all the time.

    gamma to the power of the intervals since the warm-up, smoothly: a little less at every step.

    Notes    ``step`` falls at the end of each interval instead.
    Source   Keras, ``ExponentialDecay`` without ``staircase``.
    """
    every = steps_of(settings.every, course.steps_per_epoch)
    return lambda step, history: float(settings.gamma ** (max(step - course.warmup, 0) / every))
