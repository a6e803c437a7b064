"""A learning rate that rises once to its height and falls to almost nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from nettrain.config.fields import Limit
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig

Divisor = Annotated[float, Limit(1)]


@dataclass(frozen=True, kw_only=True)
class OnecycleConfig(
    ScheduleConfig,
    short="rise",
    aliases={**ScheduleConfig.aliases, "pct_start": "rise", "anneal_strategy": "anneal"},
):
    """Settings of ``onecycle``: ``rise`` is the share of the training in which the learning rate rises to ``lr``.

    It begins at ``lr / div_factor`` and ends at ``lr / div_factor / final_div_factor``. The optimizer's momentum stays
    as it is. It has a rise of its own, and so no ``warmup``.
    """

    ends: ClassVar[bool] = True

    rise: Annotated[float, Limit(0, 1, open_low=True, open_high=True)] = 0.3
    div_factor: Divisor = 25.0
    final_div_factor: Divisor = 1e4
    anneal: Literal["cos", "linear"] = "cos"

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        yield from super().faults(given)
        if self.warmup.amount:
            yield "warmup", f"expected none, got {self.warmup}; onecycle rises by itself, for the share that rise says"


def onecycle(settings: OnecycleConfig, course: Course) -> Schedule:
    """Rises once to its height and falls to almost nothing at the end of the training.

    From 1 / div_factor up to 1, and down to 1 / (div_factor final_div_factor) at the last step.

    Of n steps the height is at step rise n - 1, which may lie between two. Each way goes along half a wave of the
    cosine, or straight.

    Notes    As PyTorch's ``OneCycleLR``, whose ``max_lr`` is our ``lr``, without its cycle of the momentum.
    Source   Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018.
    """
    low = 1 / settings.div_factor
    last = course.steps - 1
    top = min(max(settings.rise * course.steps - 1, 0.0), last)

    def factor(step: int, history: Sequence[float]) -> float:
        if step <= top:
            return _between(low, 1.0, step / top if top else 1.0, settings.anneal)
        share = (step - top) / (last - top) if step < last else 1.0
        return _between(1.0, low / settings.final_div_factor, share, settings.anneal)

    return factor


def _between(start: float, end: float, share: float, anneal: str) -> float:
    """What lies the share of the way from ``start`` to ``end``."""
    way = (1 - math.cos(math.pi * share)) / 2 if anneal == "cos" else share
    return start + (end - start) * way
