"""The settings that every optimizer has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nettrain.config.fields import Positive, Rate, Record


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig(Record, short="lr", aliases={"learning_rate": "lr"}):
    """Base of the optimizers' records.

    ``lr`` is the learning rate that the schedule scales; ``no_decay`` lists name patterns such as ``*.bias`` of
    parameters that ``weight_decay`` leaves alone.
    """

    lr: Positive
    weight_decay: Rate = 0.0
    no_decay: tuple[str, ...] = ()

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.no_decay and self.weight_decay == 0:
            yield "no_decay", "has no effect when weight_decay is 0; set weight_decay, or leave it out"
