"""The table of schedules, and the schedule of a config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nettrain.config.fields import Chosen
from nettrain.config.words import some
from nettrain.errors import ConfigError, Fault
from nettrain.optim.schedules.constant import ConstantConfig, constant
from nettrain.optim.schedules.cosine import CosineConfig, cosine
from nettrain.optim.schedules.cosine_restarts import CosineRestartsConfig, cosine_restarts
from nettrain.optim.schedules.exponential import ExponentialConfig, exponential
from nettrain.optim.schedules.multistep import MultistepConfig, multistep
from nettrain.optim.schedules.onecycle import OnecycleConfig, onecycle
from nettrain.optim.schedules.plateau import PlateauConfig, plateau
from nettrain.optim.schedules.polynomial import PolynomialConfig, polynomial
from nettrain.optim.schedules.step import StepConfig, step
from nettrain.optim.schedules.warmup import Course, Schedule, ScheduleConfig, steps_of, warmed

Shape = Callable[[Any, Course], Schedule]  # settings, and the course of the training

SCHEDULES: dict[str, tuple[type[ScheduleConfig], Shape]] = {
    "constant": (ConstantConfig, constant),
    "step": (StepConfig, step),
    "multistep": (MultistepConfig, multistep),
    "exponential": (ExponentialConfig, exponential),
    "polynomial": (PolynomialConfig, polynomial),
    "cosine": (CosineConfig, cosine),
    "cosine_restarts": (CosineRestartsConfig, cosine_restarts),
    "onecycle": (OnecycleConfig, onecycle),
    "plateau": (PlateauConfig, plateau),
}
SCHEDULE_ALIASES = {
    "cosine_decay": "cosine",
    "cosine_annealing": "cosine",
    "step_lr": "step",
    "multi_step": "multistep",
    "multistep_lr": "multistep",
    "exponential_decay": "exponential",
    "linear": "polynomial",
    "poly": "polynomial",
    "polynomial_decay": "polynomial",
    "cosine_decay_restarts": "cosine_restarts",
    "cosine_annealing_warm_restarts": "cosine_restarts",
    "sgdr": "cosine_restarts",
    "one_cycle": "onecycle",
    "one_cycle_lr": "onecycle",
    "reduce_on_plateau": "plateau",
    "reduce_lr_on_plateau": "plateau",
}


def make(chosen: Chosen, course: Course) -> Schedule:
    """The chosen schedule for a training: ``factor(step, history)``, steps counted from 0.

    Errors   ``ConfigError``, with the key as it was chosen, if the warm-up is longer than the training.
    """
    warmup = steps_of(chosen.settings.warmup, course.steps_per_epoch)
    if warmup > course.steps:
        key = ".".join(part for part in (chosen.key, chosen.kind, "warmup") if part)
        message = f"must not be longer than the training of {some(course.steps, 'step')}, got {some(warmup, 'step')}"
        raise ConfigError(faults=[Fault(message, key=key)])
    return warmed(SCHEDULES[chosen.kind][1](chosen.settings, replace(course, warmup=warmup)), warmup)
