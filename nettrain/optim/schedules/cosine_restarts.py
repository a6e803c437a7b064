"""A learning rate that falls along half a wave of the cosine, again and again from its full height."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from nettrain.config.fields import Count, Duration, Fraction, Limit
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig, steps_of


@dataclass(frozen=True, kw_only=True)
class CosineRestartsConfig(
    ScheduleConfig,
    short="period",
    aliases={
        **ScheduleConfig.aliases,
        "T_0": "period",
        "first_decay_steps": "period",
        "T_mult": "growth",
        "t_mul": "growth",
        "alpha": "final",
    },
):
    """Settings of ``cosine_restarts``: the first wave takes ``period``, each later one ``growth`` times the one before.

    ``final`` is the fraction of the learning rate that each wave falls to.
    """

    period: Annotated[Duration, Limit(0, open_low=True)]
    growth: Count = 1
    final: Fraction = 0.0


def cosine_restarts(settings: CosineRestartsConfig, course: Course) -> Schedule:
    """Falls along half a wave of the cosine, again and again from the full height.

    final + (1 - final) (1 + cos(pi t)) / 2, where t is the share of the wave that has passed; 1 in the warm-up.

    Notes    Waves count from the end of the warm-up. The training may end within one.
    Source   Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, equation 5; period and
             growth are its T_0 and T_mult.
    """
    period = steps_of(settings.period, course.steps_per_epoch)

    def factor(step: int, history: Sequence[float]) -> float:
        at, length = max(step - course.warmup, 0), period
        if settings.growth == 1:
            at %= period
        while at >= length:
            at, length = at - length, length * settings.growth
        return settings.final + (1 - settings.final) * (1 + math.cos(math.pi * at / length)) / 2

    return factor
