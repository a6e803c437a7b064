"""A run: a training with its folder, logs and checkpoints, from the first step or from where it stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from typing import Any

import numpy as np

from nettrain.arrays import interrupt
from nettrain.autograd.clock import UNTIMED, Clock
from nettrain.errors import Diverged, EnvironmentFault, NettrainError
from nettrain.files.lock import Lock
from nettrain.training.config import Config
from nettrain.training.loop import signals
from nettrain.training.loop.facts import RolledBack, Saved, StartTried
from nettrain.training.loop.loop import EpochClosed, EpochEnd, Fact, Step, train
from nettrain.training.loop.objective import training_loss
from nettrain.training.loop.profile import Profile
from nettrain.training.loop.signals import stop_between_pieces
from nettrain.training.loop.step import Stepper
from nettrain.training.loop.time_limit import TimeLimit, TimeUp
from nettrain.training.prepare import Prepared
from nettrain.training.run.cadence import Cadence
from nettrain.training.run.closing import EpochRow, close_epoch
from nettrain.training.run.going_on import go_back
from nettrain.training.run.run_logs import RunLogs
from nettrain.training.run.saving import save_state
from nettrain.training.run.standing import standing
from nettrain.training.run.state import State
from nettrain.training.run.trials import try_starts
from nettrain.training.store.run_folder import RunFolder, now
from nettrain.training.store.runs import FINISHED


class Stopped(Exception):
    """A signal stopped the run; it was saved and can go on, or is complete."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


RunFact = Step | EpochRow | Saved | RolledBack | StartTried


class Run:
    """An open run: its folder, locked, its state and its logs."""

    def __init__(
        self, folder: RunFolder, lock: Lock, state: State, logs: dict[str, int], facts: dict[str, Any]
    ) -> None:
        self.folder, self.lock, self.state, self.facts = folder, lock, state, facts
        self.notes: list[str] = []
        self.resumed = "resumed" in facts
        self.logs = RunLogs(folder, logs, self.config)
        self.clock: Clock = UNTIMED
        self._pictures = 0  # trained on in this epoch by this process
        self.cadence = Cadence(self.config.checkpoint.every, self.prepared.steps_per_epoch)

    @property
    def prepared(self) -> Prepared:
        return self.state.prepared

    @property
    def config(self) -> Config:
        return self.prepared.config

    @property
    def finished(self) -> bool:
        return self.state.finished

    @property
    def trying(self) -> bool:
        """Whether starts are still being tried."""
        return self.config.train.restarts is not None and self.state.starts.chosen is None

    @property
    def reason(self) -> str:
        """Why a finished run is at its end."""
        stopping, patience = self.config.train.early_stopping, self.state.patience
        if stopping is not None and patience.stopped_at is not None:
            return patience.reason(stopping)
        return "all epochs done"

    def go(self, profile: Profile | None = None, limit: TimeLimit | None = None) -> Generator[RunFact, None, None]:
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
                    self.mark(FINISHED, reason=self.reason, ended=now())
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

    def complete(self) -> None:
        """Close a finished run; run.json says so afterwards, also where the process died just before it did."""
        try:
            if self.facts.get("state") != FINISHED:
                self.mark(FINISHED, reason=self.reason, ended=now())
        finally:
            self.close()

    def _mark_failed(self, error: NettrainError) -> None:
        with suppress(EnvironmentFault):  # the fault on its way to the user must not be hidden by a second one
            self.mark("failed", reason=str(error.faults[0]), ended=now())

    def close(self) -> None:
        """Close the logs and give the folder back."""
        self.logs.close()
        self.lock.release()

    def _train(self, limit: TimeLimit | None) -> Iterator[RunFact]:
        if (restarts := self.config.train.restarts) is not None:
            yield from try_starts(self, restarts, limit)
        while not self.finished:
            try:
                yield from self._epochs(limit)
            except Diverged as error:
                yield go_back(self, error)

    def _epochs(self, limit: TimeLimit | None) -> Iterator[Step | EpochRow | Saved]:
        """Train up to the end, or to where early stopping has it."""
        state = self.state
        begun = time.perf_counter()
        with closing(self.facts_of(state.lineage.epochs(self.config), limit, "step")) as facts:
            for fact in facts:
                match fact:
                    case EpochEnd():
                        seconds = time.perf_counter() - begun
                        row = close_epoch(fact, state, self.folder, self.logs, self.clock, seconds, self._pictures)
                        begun, self._pictures = time.perf_counter(), 0
                    case EpochClosed():
                        state.epoch_begins()
                        self.save_if_due()
                        yield row
                        self.clock.lap("logs")
                        if self.finished:
                            return
                    case Step() | Saved():
                        yield fact

    def facts_of(
        self, epochs: int, limit: TimeLimit | None, event: str, **more: object
    ) -> Generator[Fact | Saved, None, None]:
        """The facts of the training up to so many epochs; its steps are logged, and saved after when that is due."""
        prepared, config, state = self.prepared, self.config, self.state
        loss = training_loss(config.loss, prepared.class_weights)
        stepper = Stepper(prepared.network, state.optimizer, loss, self.clock, state.follow)
        batches = prepared.batches(config.data.augment)
        self._pictures = 0
        facts: Iterator[Fact] = train(
            stepper,
            batches,
            state.learning_rate(),
            epochs,
            config.seed,
            state.progress,
            state.history.values,
            config.train.accumulate,
        )
        for fact in facts:
            if not isinstance(fact, Step):
                yield fact
                continue
            self._pictures += fact.pictures
            self.logs.events.event(
                event, **more, epoch=fact.epoch, step=fact.step, loss=np.float32(fact.loss), lr=fact.lr
            )
            yield fact
            self.clock.lap("logs")
            if fact.position < len(prepared.train) and self.cadence.is_due(state.number, last=False):
                self.save()
            if signals.take_save_request() and self.save():
                yield Saved(fact.step)
            if limit is not None and limit.reached():
                raise TimeUp(str(limit))

    def save_if_due(self) -> None:
        """Save at an epoch's end, if it is time to."""
        if self.cadence.is_due(self.state.number, last=self.finished):
            self.save()

    def save(self) -> bool:
        """Save everything that the rest of the training depends on; the logs reach the disk first.

        Errors   ``Diverged`` if the state is not finite; ``EnvironmentFault``.
        Notes    Where the training goes on after a divergence, that is met at the next step or the epoch's end, at
                 the same moment whenever it saves: nothing is saved then, and False is returned.
        """
        self.clock.lap("other")
        try:
            self.state.check_finite()
        except Diverged:
            if self.config.train.going_back is None and not self.trying:
                raise
            return False
        save_state(self.folder, self.state, self.logs.sync(), self.cadence)
        self.cadence.saved()
        self.clock.lap("checkpoints")
        return True

    def mark(self, state: str, **facts: Any) -> None:
        """Write run.json."""
        going = {"reason": None, "ended": None}
        self.facts = {**self.facts, **going, **facts, "state": state, **standing(self.state)}
        self.folder.write_run(self.facts)
