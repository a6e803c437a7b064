"""A run: a training with its folder, logs and checkpoints, from the first step or from where it stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nettrain import files
from nettrain.arrays import interrupt
from nettrain.autograd.clock import UNTIMED, Clock
from nettrain.config.fields import Chosen
from nettrain.data.batches import Batches
from nettrain.errors import EnvironmentFault, NettrainError
from nettrain.ops.loss_table import LOSSES
from nettrain.training import checkpoint, signals
from nettrain.training.cadence import Cadence
from nettrain.training.config import Config
from nettrain.training.evaluation import INFERENCE_BATCH, judge
from nettrain.training.logs import CsvLog, EventLog
from nettrain.training.loop import EpochClosed, EpochEnd, Fact, Step, train
from nettrain.training.metrics import accuracy, confusion_matrix, mean_loss
from nettrain.training.model_file import model_meta
from nettrain.training.prepare import Prepared
from nettrain.training.profile import Profile
from nettrain.training.run_folder import RunFolder, now
from nettrain.training.runs import FINISHED
from nettrain.training.signals import stop_between_pieces
from nettrain.training.state import State
from nettrain.training.step import Loss, Stepper

METRICS = ("epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy")
TIMINGS = ("epoch", "seconds", "images_per_second", "val_seconds")


class Stopped(Exception):
    """A signal stopped the run; it was saved and can go on, or is complete."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


@dataclass(frozen=True, slots=True)
class EpochRow:
    """An epoch with its validation, in nats per image and shares of 1; ``value`` is the monitored number."""

    end: EpochEnd
    val_loss: float | None
    val_accuracy: float | None
    value: float
    is_best: bool
    seconds: float
    images_per_second: float


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
        self.metrics = CsvLog(folder.metrics, METRICS, logs.get("metrics.csv", 0))
        self.events = EventLog(folder.events, logs.get("events.jsonl", 0))
        self.timings = CsvLog(folder.timings, TIMINGS)
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

    def go(self, profile: Profile | None = None) -> Iterator[Step | EpochRow | Saved]:
        """Train to the end, writing logs and checkpoints on the way; yields each committed step and finished epoch.

        A ``profile`` hears where the time goes, and is written when the training ends or is stopped.

        Errors   ``Stopped`` after a signal, saved; ``Diverged``, with nothing bad saved; ``EnvironmentFault``.
        """
        self.clock = profile or UNTIMED
        try:
            with stop_between_pieces():
                self.mark("running")
                try:
                    yield from self._train()
                    if profile is not None:
                        profile.write(self.folder.profile)
                    self.mark(FINISHED, reason="all epochs done", ended=now())
                    interrupt.check()  # a signal since the last step still ends the process
                except interrupt.Interrupted as stop:
                    if not self.finished:
                        self.save()
                        if profile is not None:
                            profile.write(self.folder.profile)
                        self.mark("stopped", reason=signal.Signals(stop.signal_number).name, ended=now())
                    raise Stopped(stop.signal_number) from None
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

    def extend(self, epochs: int, schedule: str | None) -> None:
        """Add epochs to the run, saved at once; the learning rates before and after go to ``notes``.

        Errors   ``ConfigError``: see ``Lineage.extend``.
        """
        state, config, steps = self.state, self.config, self.prepared.steps_per_epoch
        start, history = state.lineage.epochs(config) * steps, state.history.values
        before = state.lineage.learning_rate(config, steps)(start - 1, history)
        state.lineage.extend(config, steps, epochs, schedule)
        after = state.lineage.learning_rate(config, steps)(start, history)
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
        for log in (self.metrics, self.events, self.timings):
            log.close()
        self.lock.release()

    def _train(self) -> Iterator[Step | EpochRow | Saved]:
        prepared, config, state = self.prepared, self.config, self.state
        stepper = Stepper(prepared.network, state.optimizer, training_loss(config.loss), self.clock)
        batches = Batches(
            prepared.train, config.train.batch_size, config.seed, prepared.normalization, config.data.augment
        )
        learning_rate = state.lineage.learning_rate(config, prepared.steps_per_epoch)
        begun, pictures = time.perf_counter(), 0
        facts: Iterator[Fact] = train(
            stepper,
            batches,
            learning_rate,
            state.lineage.epochs(config),
            config.seed,
            state.progress,
            state.history.values,
        )
        for fact in facts:
            match fact:
                case Step():
                    pictures += fact.pictures
                    self.events.event("step", epoch=fact.epoch, step=fact.step, loss=np.float32(fact.loss), lr=fact.lr)
                    yield fact
                    self.clock.lap("logs")
                    if fact.position < len(prepared.train) and self.cadence.is_due(fact.step, last=False):
                        self.save()
                    if signals.take_save_request():
                        self.save()
                        yield Saved(fact.step)
                case EpochEnd():
                    seconds = time.perf_counter() - begun
                    row = self._close(fact, seconds, pictures / seconds)
                    begun, pictures = time.perf_counter(), 0
                    yield row
                    self.clock.lap("logs")
                case EpochClosed():
                    if self.cadence.is_due(state.progress.step, last=self.finished):
                        self.save()

    def _close(self, end: EpochEnd, seconds: float, images_per_second: float) -> EpochRow:
        """Validate an epoch and write what it was."""
        self.state.check_finite()
        begun = time.perf_counter()
        val_loss, val_accuracy = self._validate()
        self.clock.lap("validation")
        numbers = {
            "train_loss": end.train_loss,
            "train_accuracy": end.train_accuracy,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
        }
        value = float(numbers[self.prepared.monitor] or 0.0)
        row = {"epoch": end.epoch, "step": end.step, "lr": end.lr, **numbers}
        self.metrics.row(row)
        self.events.event("epoch", **{key: number for key, number in row.items() if number is not None})
        self.timings.row(
            {
                "epoch": end.epoch,
                "seconds": round(seconds, 3),
                "images_per_second": round(images_per_second, 1),
                "val_seconds": round(time.perf_counter() - begun, 3),
            }
        )
        self.state.history.values.append(value)
        best = self.state.best
        is_best = best.improves(self.prepared.monitor, value)
        if is_best:
            best.epoch, best.step, best.value = end.epoch, end.step, value
            self.clock.lap("logs")
            self._save_best()
        return EpochRow(end, val_loss, val_accuracy, value, is_best, seconds, images_per_second)

    def _validate(self) -> tuple[float | None, float | None]:
        prepared = self.prepared
        if prepared.val is None:
            return None, None
        batches = Batches(prepared.val, INFERENCE_BATCH, 0, prepared.normalization)
        judged = judge(prepared.network, self.config.loss, batches.in_order())
        matrix = confusion_matrix(judged.labels, judged.probabilities.argmax(axis=1), len(prepared.classes))
        return mean_loss(judged.losses.tolist()), accuracy(matrix)

    def _save_best(self) -> None:
        prepared, best = self.prepared, self.state.best
        meta = {
            **model_meta(self.config, prepared.classes, prepared.normalization),
            "best": {"epoch": best.epoch, "step": best.step, "monitor": prepared.monitor, "value": best.value},
        }
        checkpoint.save(self.folder.best, meta, prepared.network.state())
        self.clock.lap("checkpoints")

    def save(self) -> None:
        """Save everything that the rest of the training depends on; the logs reach the disk first.

        Errors   ``Diverged`` if the state is not finite; ``EnvironmentFault``.
        """
        self.clock.lap("other")
        self.state.check_finite()
        for log in (self.metrics, self.events, self.timings):
            log.sync()
        logs = {"metrics.csv": self.metrics.size, "events.jsonl": self.events.size}
        save_state(self.folder, self.state, logs, self.cadence)
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


def training_loss(chosen: Chosen) -> Loss:
    """The loss of a config as it is optimised, smoothing included."""
    settings, op = asdict(chosen.settings), LOSSES[chosen.kind][1]
    return lambda outputs, labels: op(outputs, labels=labels, **settings)


def save_state(folder: RunFolder, state: State, logs: Mapping[str, int], cadence: Cadence) -> None:
    """Write the checkpoint of this step; beside it the newest regular one before stays, all other earlier ones go."""
    step = state.progress.step
    checkpoint.save(checkpoint.step_path(folder.checkpoints, step), state.meta(logs), state.tensors())
    cadence.damaged.discard(step)
    checkpoint.prune(folder.checkpoints, step, cadence.is_regular)
