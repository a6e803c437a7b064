"""What of weights is averaged, and when: the settings of EMA and SWA."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.config.fields import Duration, Fraction, Limit, Positive, Record

Statistics = Literal["recomputed", "averaged"]


@dataclass(frozen=True)
class EmaConfig(Record, short="decay"):
    """An exponential moving average of the weights, moved after each step: average <- d average + (1 - d) weights.

    It is validated, and saved as the best model, in the place of the weights. With ``warmup``, d is at most
    (1 + t) / (10 + t) after t steps, so that the first weights are soon forgotten. ``statistics`` says what batch norm
    has beside averaged weights: ``recomputed`` over the training pictures before each validation, a third of an epoch's
    time about, or ``averaged`` like the weights, for nothing.

    Source   Polyak, Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; the warm-up is that of
             TensorFlow's ExponentialMovingAverage.
    """

    decay: Fraction = 0.999
    warmup: bool = True
    statistics: Statistics = "recomputed"

    def share(self, steps: int) -> float:
        """How much of the way the average goes to the weights after step ``steps``, counted from 0."""
        return 1 - (min(self.decay, (1 + steps) / (10 + steps)) if self.warmup else self.decay)


@dataclass(frozen=True)
class SwaConfig(Record, short="start"):
    """Stochastic weight averaging: the mean of the weights at the ends of the epochs after ``start``.

    ``start`` is a share of the epochs, or a number of them (``30 epochs``). From then on the mean is validated, and
    saved as the best model, in the place of the weights, its statistics of batch norm recomputed over the training
    pictures. ``lr`` is the learning rate from there on, constant, in the place of the schedule's.

    Source   Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, "Averaging Weights Leads to Wider Optima and Better
             Generalization", 2018, algorithm 1.
    """

    start: Fraction | Annotated[Duration, Limit(0)] = 0.75
    lr: Positive | None = None

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if isinstance(self.start, Duration) and (self.start.unit != "epochs" or self.start.amount % 1):
            yield "start", f"expected a share such as 0.75, or whole epochs, got {self.start}"

    def after(self, epochs: int) -> int:
        """How many of so many epochs are not averaged."""
        return int(self.start.amount) if isinstance(self.start, Duration) else math.floor(self.start * epochs)


@dataclass
class Averaged:
    """What SWA has taken in: how many weights, the last of them those after this epoch."""

    models: int = 0
    epoch: int = 0


def keeps_buffers(ema: EmaConfig | None) -> bool:
    """Whether the statistics of batch norm are averaged, too."""
    return ema is not None and ema.statistics == "averaged"
