"""A learning rate that falls along half a wave of the cosine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from nettrain.config.fields import Fraction
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig


@dataclass(frozen=True, kw_only=True)
class CosineConfig(ScheduleConfig, aliases={**ScheduleConfig.aliases, "alpha": "final"}):
    """Settings of ``cosine``: ``final`` is the fraction of the learning rate that it falls to."""

    ends: ClassVar[bool] = True

    final: Fraction = 0.0


def cosine(settings: CosineConfig, course: Course) -> Schedule:
    """Falls along half a wave of the cosine to the end of the training.

    final + (1 - final) (1 + cos(pi t)) / 2, where t is the share of the steps that has passed; 1 in the warm-up.

    With n steps after the warm-up, t is 0 at the first and (n - 1) / n at the last, as in PyTorch and Keras: ``final``
    is what the step after the last would have, so that no step is made with a learning rate of 0.

    Source   Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, equation 5, without
             restarts.
    """

    def factor(step: int, history: Sequence[float]) -> float:
        return settings.final + (1 - settings.final) * (1 + math.cos(math.pi * course.passed(step))) / 2

    return factor
