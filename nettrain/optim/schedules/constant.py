"""The same learning rate throughout."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig


@dataclass(frozen=True, kw_only=True)
class ConstantConfig(ScheduleConfig):
    """Settings of ``constant``."""


def constant(settings: ConstantConfig, course: Course) -> Schedule:
    """The same learning rate throughout: 1 at every step, the first and the last included."""
    return lambda step, history: 1.0
