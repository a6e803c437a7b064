"""A learning rate that falls by a factor at given moments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from nettrain.config.fields import Duration, Limit
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig, steps_of


@dataclass(frozen=True, kw_only=True)
class MultistepConfig(ScheduleConfig, short="milestones"):
    """Settings of ``multistep``: at each of the ``milestones`` the learning rate is multiplied by ``gamma``."""

    milestones: Annotated[tuple[Annotated[Duration, Limit(0, open_low=True)], ...], Limit(1)]
    gamma: Annotated[float, Limit(0, 1, open_low=True, open_high=True)] = 0.1

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        for place, (before, at) in enumerate(zip(self.milestones, self.milestones[1:], strict=False), 1):
            if "seconds" in (at.unit, before.unit):
                continue  # a fault already
            if at.unit != before.unit:
                yield f"milestones.{place}", f"expected {before.unit}, as those before it are, got {at}"
            elif at.amount <= before.amount:
                yield f"milestones.{place}", f"must be after the milestone before it, {before}, got {at}"


def multistep(settings: MultistepConfig, course: Course) -> Schedule:
    """Falls by a factor at given moments.

    gamma to the power of the milestones that have passed: the step at a milestone is the first that is smaller.

    Notes    Milestones count from step 0, the warm-up included; one that the training does not reach has no effect.
    Source   He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016, section 4.2.
    """
    milestones = [steps_of(milestone, course.steps_per_epoch) for milestone in settings.milestones]
    return lambda step, history: float(settings.gamma ** bisect_right(milestones, step))
