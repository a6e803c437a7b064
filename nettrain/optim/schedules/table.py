"""The table of schedules, and the schedule of a config."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nettrain.config.fields import Chosen, Record
from nettrain.errors import ConfigError, Fault
from nettrain.optim.schedules.constant import ConstantConfig, constant
from nettrain.optim.schedules.cosine import CosineConfig, cosine
from nettrain.optim.schedules.step import StepConfig, step
from nettrain.optim.schedules.warmup import Schedule, steps_of, warmed

Shape = Callable[[Any, int, int, int], Schedule]  # settings, steps of warm-up, steps in all, steps an epoch

SCHEDULES: dict[str, tuple[type[Record], Shape]] = {
    "constant": (ConstantConfig, constant),
    "step": (StepConfig, step),
    "cosine": (CosineConfig, cosine),
}
SCHEDULE_ALIASES = {"cosine_decay": "cosine", "cosine_annealing": "cosine", "step_lr": "step"}


def make(chosen: Chosen, total_steps: int, steps_per_epoch: int) -> Schedule:
    """The chosen schedule for a training of ``total_steps``: ``factor(step, history)``, steps counted from 0.

    Errors   ``ConfigError``, with the key as it was chosen, if the warm-up is longer than the training.
    """
    warmup = steps_of(chosen.settings.warmup, steps_per_epoch)
    if warmup > total_steps:
        key = ".".join(part for part in (chosen.key, chosen.kind, "warmup") if part)
        message = f"must not be longer than the training of {total_steps} steps, got {warmup} steps"
        raise ConfigError(faults=[Fault(message, key=key)])
    return warmed(SCHEDULES[chosen.kind][1](chosen.settings, warmup, total_steps, steps_per_epoch), warmup)
