"""A learning rate that falls when the monitored number has not become better for some epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.config.fields import Fraction, Limit, Rate, Whole
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig


@dataclass(frozen=True, kw_only=True)
class PlateauConfig(
    ScheduleConfig, short="patience", aliases={**ScheduleConfig.aliases, "min_delta": "threshold", "gamma": "factor"}
):
    """Settings of ``plateau``: after more than ``patience`` epochs that were no better, lr is multiplied by ``factor``.

    What is looked at is ``checkpoint.monitor``, in its own direction. Better is better than the best before by
    ``threshold``: that share of the best (``relative``), or that much (``absolute``). The ``cooldown`` epochs after
    each fall are not counted. It never falls below the share ``final`` of the learning rate.
    """

    factor: Annotated[float, Limit(0, 1, open_low=True, open_high=True)] = 0.1
    patience: Whole = 10
    threshold: Rate = 1e-4
    threshold_mode: Literal["relative", "absolute"] = "relative"
    cooldown: Whole = 0
    final: Fraction = 0.0

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        if "threshold_mode" in given and self.threshold == 0:
            yield "threshold_mode", "has no effect when threshold is 0; set threshold, or leave it out"


def plateau(settings: PlateauConfig, course: Course) -> Schedule:
    """Falls when the monitored number has not become better for some epochs.

    factor to the power of the falls so far: a pure function of the history, gone through anew at each step.

    Notes    As PyTorch's ``ReduceLROnPlateau``, stepped at the end of each epoch, without its ``eps``; ``final`` is its
             ``min_lr`` as a share of ``lr``. Epochs of the warm-up count.
    Source   He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016, section 3.4, where the learning
             rate "is divided by 10 when the error plateaus".
    """
    sign = 1.0 if course.better == "max" else -1.0

    def is_better(value: float, best: float) -> bool:
        by = settings.threshold * (abs(best) if settings.threshold_mode == "relative" else 1.0)
        return sign * (value - best) > by

    def factor(step: int, history: Sequence[float]) -> float:
        scale, best, bad, resting = 1.0, None, 0, 0
        for value in history:
            if best is None or is_better(value, best):
                best, bad = value, 0
            else:
                bad += 1
            if resting:
                resting, bad = resting - 1, 0
            if bad > settings.patience:
                scale, bad, resting = max(scale * settings.factor, settings.final), 0, settings.cooldown
        return scale

    return factor
