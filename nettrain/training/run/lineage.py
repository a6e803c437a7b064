"""Where a run comes from: what was added to it, epochs and schedules, after it had begun."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from nettrain.config.dotted import Override
from nettrain.config.fields import Chosen, OneOf, Record
from nettrain.config.reader import read_text
from nettrain.config.resolved import to_plain
from nettrain.config.words import some
from nettrain.errors import ConfigError
from nettrain.optim.schedules.table import make
from nettrain.optim.schedules.warmup import Course
from nettrain.training.config import TABLES, Config
from nettrain.training.loop.monitors import best_mode
from nettrain.training.store import json_text


@dataclass(frozen=True)
class ScheduleOnly(Record, short="schedule"):
    """A schedule on its own, as ``--schedule`` gives it."""

    schedule: Annotated[Chosen, OneOf("schedules")]


class Extension(TypedDict):
    """Epochs that were added, and the schedule that began with them as plain values, or None."""

    from_step: int
    epochs: int
    schedule: dict[str, Any] | None


@dataclass
class Lineage:
    """The extensions of a run in order.

    A new schedule counts its steps from where it begins; without one the schedule before goes on.
    """

    extensions: list[Extension] = field(default_factory=list)

    def epochs(self, config: Config) -> int:
        """How many epochs the run has in all."""
        return int(self.extensions[-1]["epochs"]) if self.extensions else config.train.epochs

    def schedules(self) -> list[Chosen]:
        """The schedules that were added. Errors: ``ConfigError`` for one that this version cannot read."""
        return [_read(one["schedule"]) for one in self.extensions if one["schedule"] is not None]

    def schedule(self, config: Config) -> Chosen:
        """The schedule that is in force at the end."""
        return [config.schedule, *self.schedules()][-1]

    def learning_rate(
        self, config: Config, steps_per_epoch: int, monitor: str
    ) -> Callable[[int, Sequence[float]], float]:
        """The learning rate of each step, counted from 0, with the monitored numbers of the epochs before it.

        A schedule that was added knows only the epochs that came after.

        Errors   ``ConfigError`` if a warm-up is longer than what it begins.
        """
        base = float(config.optimizer.settings.lr)
        better = best_mode(monitor)
        course = Course(config.train.epochs * steps_per_epoch, steps_per_epoch, better)
        parts = [(0, make(config.schedule, course))]
        for extension in self.extensions:
            if extension["schedule"] is not None:
                start = int(extension["from_step"])
                length = int(extension["epochs"]) * steps_per_epoch - start
                parts.append((start, make(_read(extension["schedule"]), Course(length, steps_per_epoch, better))))

        def learning_rate(step: int, history: Sequence[float]) -> float:
            start, factor = next(part for part in reversed(parts) if part[0] <= step)
            return base * factor(step - start, history[start // steps_per_epoch :])

        return learning_rate

    def extend(self, config: Config, steps_per_epoch: int, epochs: int, schedule: str | None) -> None:
        """Add epochs, up to ``epochs`` in all, and a schedule for those added as the YAML text of ``--schedule``.

        Errors   ``ConfigError``: fewer epochs than there are, a schedule that has ended and no new one.
        Notes    Asked for a second time, as after a kill, the same extension is made once.
        """
        plain = None
        if schedule is not None:
            given = Override("schedule", schedule, "--schedule")
            record = read_text("{}", "--schedule", ScheduleOnly, TABLES, os.curdir, [given]).config
            plain = to_plain(record, environment=False)
        now = self.epochs(config)
        if self.extensions and (self.extensions[-1]["epochs"], self.extensions[-1]["schedule"]) == (epochs, plain):
            return
        if epochs <= now:
            raise ConfigError(f"--epochs: must be more than the {some(now, 'epoch')} that the run has, got {epochs}")
        if plain is None and (chosen := self.schedule(config)).settings.ends:
            message = f"the run's schedule, {chosen.kind}, ends with its {some(now, 'epoch')}"
            raise ConfigError(f"--epochs: {message}; give one for those added, such as --schedule constant")
        self.extensions.append({"from_step": now * steps_per_epoch, "epochs": epochs, "schedule": plain})


def _read(plain: dict[str, Any]) -> Chosen:
    text = json_text.canonical(plain)
    return read_text(text, "lineage", ScheduleOnly, TABLES, os.curdir, stored=True).config.schedule
