"""A run: a training with its folder, logs and checkpoints, from the first step or from where it stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettrain import files
from nettrain.arrays import interrupt
from nettrain.autograd.clock import UNTIMED, Clock
from nettrain.data.batches import Batches
from nettrain.errors import EnvironmentFault, NettrainError
from nettrain.training import signals
from nettrain.training.cadence import Cadence
from nettrain.training.closing import EpochRow, close_epoch
from nettrain.training.config import Config
from nettrain.training.loop import EpochClosed, EpochEnd, Fact, Step, train
from nettrain.training.objective import training_loss
from nettrain.training.prepare import Prepared
from nettrain.training.profile import Profile
from nettrain.training.run_folder import RunFolder, now
from nettrain.training.run_logs import RunLogs
from nettrain.training.runs import FINISHED
from nettrain.training.saving import save_state
from nettrain.training.signals import stop_between_pieces
from nettrain.training.state import State
from nettrain.training.step import Stepper
from nettrain.training.time_limit import TimeLimit, TimeUp


class Stopped(Exception):
    """A signal stopped the run; it was saved and can go on, or is complete."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint that SIGUSR1 asked for."""

    step: int


class Run:
    """An open run: its folder, locked, its state and its logs."""

    def __init__(
        self, folder: RunFolder, lock: files.Lock, state: State, logs: dict[str, int], facts: dict[str, Any]
    ) -> None:
        self.folder, self.lock, self.state, self.facts = folder, lock, state, facts
        self.notes: list[str] = []
        self.resumed = "resumed" in facts
        self.logs = RunLogs(folder, logs, self.config)
        self.clock: Clock = UNTIMED
        self.cadence = Cadence(self.config.checkpoint.every, self.prepared.steps_per_epoch)

    @property
    def prepared(self) -> Prepared:
        return self.state.prepared

    @property
    def config(self) -> Config:
        return self.prepared.config

    @property
    def finished(self) -> bool:
        return self.state.progress.epoch >= self.state.lineage.epochs(self.config)

    def go(
        self, profile: Profile | None = None, limit: TimeLimit | None = None
    ) -> Generator[Step | EpochRow | Saved, None, None]:
        """Train to the end, writing logs and checkpoints on the way; yields each committed step and finished epoch.

        A ``profile`` hears where the time goes, and is written when the training ends or is stopped. When the time of
        ``limit`` is up, the step is the last.

        Errors   ``Stopped`` after a signal and ``TimeUp``, saved; ``Diverged``, with nothing bad saved;
                 ``EnvironmentFault``.
        Notes    A reader that has enough may close it: the run is saved then too.
        """
        self.clock = profile or UNTIMED
        try:
            with stop_between_pieces():
                self.mark("running")
                try:
                    yield from self._train(limit)
                    if profile is not None:
                        profile.write(self.folder.profile)
                    self.mark(FINISHED, reason="all epochs done", ended=now())
                    interrupt.check()  # a signal since the last step still ends the process
                except interrupt.Interrupted as stop:
                    if not self.finished:
                        self._leave(signal.Signals(stop.signal_number).name, profile)
                    raise Stopped(stop.signal_number) from None
                except TimeUp as up:
                    self._leave(f"max_time: {up}", profile)
                    raise
                except GeneratorExit:  # whoever read the facts has enough; at each of them the state is whole
                    if not self.finished:
                        self._leave("its reader stopped", profile)
                    raise
        except MemoryError as error:
            what = f"out of memory ({error})" if str(error) else "out of memory"
            fault = EnvironmentFault(f"{what}; expected more of it, or a smaller train.batch_size")
            self._mark_failed(fault)
            raise fault from error
        except NettrainError as error:
            self._mark_failed(error)
            raise
        finally:
            self.close()

    def _leave(self, reason: str, profile: Profile | None) -> None:
        """Save in the middle, so that it can go on."""
        self.save()
        if profile is not None:
            profile.write(self.folder.profile)
        self.mark("stopped", reason=reason, ended=now())

    def extend(self, epochs: int, schedule: str | None) -> None:
        """Add epochs to the run, saved at once; the learning rates before and after go to ``notes``.

        Errors   ``ConfigError``: see ``Lineage.extend``.
        """
        state, config, steps = self.state, self.config, self.prepared.steps_per_epoch
        start, history = state.lineage.epochs(config) * steps, state.history.values
        before = state.lineage.learning_rate(config, steps, self.prepared.monitor)(start - 1, history[:-1])
        state.lineage.extend(config, steps, epochs, schedule)
        after = state.lineage.learning_rate(config, steps, self.prepared.monitor)(start, history)
        self.mark("running")  # run.json first: a checkpoint from before the extension is then known for one
        self.save()
        self.notes.append(
            f"nettrain: extended to {epochs} epochs: lr {before:.3g} up to step {start}, then {after:.3g}"
        )

    def complete(self) -> None:
        """Close a finished run; run.json says so afterwards, also where the process died just before it did."""
        try:
            if self.facts.get("state") != FINISHED:
                self.mark(FINISHED, reason="all epochs done", ended=now())
        finally:
            self.close()

    def _mark_failed(self, error: NettrainError) -> None:
        with suppress(EnvironmentFault):  # the fault on its way to the user must not be hidden by a second one
            self.mark("failed", reason=str(error.faults[0]), ended=now())

    def close(self) -> None:
        """Close the logs and give the folder back."""
        self.logs.close()
        self.lock.release()

    def _train(self, limit: TimeLimit | None) -> Iterator[Step | EpochRow | Saved]:
        prepared, config, state = self.prepared, self.config, self.state
        loss = training_loss(config.loss, prepared.class_weights)
        stepper = Stepper(prepared.network, state.optimizer, loss, self.clock)
        batches = Batches(
            prepared.train, config.train.batch_size, config.seed, prepared.normalization, config.data.augment
        )
        learning_rate = state.lineage.learning_rate(config, prepared.steps_per_epoch, prepared.monitor)
        begun, pictures = time.perf_counter(), 0
        facts: Iterator[Fact] = train(
            stepper,
            batches,
            learning_rate,
            state.lineage.epochs(config),
            config.seed,
            state.progress,
            state.history.values,
            config.train.accumulate,
        )
        for fact in facts:
            match fact:
                case Step():
                    pictures += fact.pictures
                    self.logs.events.event(
                        "step", epoch=fact.epoch, step=fact.step, loss=np.float32(fact.loss), lr=fact.lr
                    )
                    yield fact
                    self.clock.lap("logs")
                    if fact.position < len(prepared.train) and self.cadence.is_due(fact.step, last=False):
                        self.save()
                    if signals.take_save_request():
                        self.save()
                        yield Saved(fact.step)
                    if limit is not None and limit.reached():
                        raise TimeUp(str(limit))
                case EpochEnd():
                    seconds = time.perf_counter() - begun
                    row = close_epoch(fact, state, self.folder, self.logs, self.clock, seconds, pictures)
                    begun, pictures = time.perf_counter(), 0
                case EpochClosed():
                    if self.cadence.is_due(state.progress.step, last=self.finished):
                        self.save()
                    yield row
                    self.clock.lap("logs")

    def save(self) -> None:
        """Save everything that the rest of the training depends on; the logs reach the disk first.

        Errors   ``Diverged`` if the state is not finite; ``EnvironmentFault``.
        """
        self.clock.lap("other")
        self.state.check_finite()
        save_state(self.folder, self.state, self.logs.sync(), self.cadence)
        self.cadence.saved()
        self.clock.lap("checkpoints")

    def mark(self, state: str, **facts: Any) -> None:
        """Write run.json."""
        best = {"monitor": self.prepared.monitor, "epoch": self.state.best.epoch, "value": self.state.best.value}
        progress = {"epoch": self.state.progress.epoch, "step": self.state.progress.step}
        added = {"lineage": self.state.lineage.extensions}
        self.facts = {
            **self.facts,
            "reason": None,
            "ended": None,
            **facts,
            "state": state,
            "best": best,
            **progress,
            **added,
        }
        self.folder.write_run(self.facts)
