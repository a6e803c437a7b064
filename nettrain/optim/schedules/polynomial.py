"""A learning rate that falls along a power of what is left of the training; a straight line by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from nettrain.config.fields import Fraction, Positive
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig


@dataclass(frozen=True, kw_only=True)
class PolynomialConfig(ScheduleConfig, short="power"):
    """Settings of ``polynomial``: ``final`` is the fraction of the learning rate that it falls to."""

    ends: ClassVar[bool] = True

    power: Positive = 1.0
    final: Fraction = 0.0


def polynomial(settings: PolynomialConfig, course: Course) -> Schedule:
    """Falls along a straight line to the end of the training, or along a power of it.

    final + (1 - final) (1 - t)^power, where t is the share of the steps that has passed; 1 in the warm-up.

    As for ``cosine``, ``final`` is what the step after the last would have.

    Source   Chen et al., "DeepLab: Semantic Image Segmentation with Deep Convolutional Nets", 2018, section 4.1, where
             the power is 0.9.
    """

    def factor(step: int, history: Sequence[float]) -> float:
        left = 1 - course.passed(step)
        return float(settings.final + (1 - settings.final) * left**settings.power)

    return factor
