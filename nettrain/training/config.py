"""The config, version 1, put together: the records of every floor and the tables of kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.config.fields import Chosen, Count, Duration, Environment, Limit, OneOf, Record, Table, Whole
from nettrain.config.forms import Length
from nettrain.data.augment.mixing import MIXINGS, mixings_of
from nettrain.data.augment.table import AUGMENTATION_ALIASES, AUGMENTATIONS
from nettrain.data.config import DataConfig
from nettrain.data.sampling import Sampling
from nettrain.model.kinds import TABLES as MODEL_TABLES
from nettrain.model.network import ModelConfig
from nettrain.model.outputs import last_activation
from nettrain.ops.loss_table import INSIDE, LOSS_ALIASES, LOSSES, CrossEntropyConfig
from nettrain.optim.schedules.constant import ConstantConfig
from nettrain.optim.schedules.table import SCHEDULE_ALIASES, SCHEDULES
from nettrain.optim.table import OPTIMIZER_ALIASES, OPTIMIZERS
from nettrain.training.judging.gates import GateConfig
from nettrain.training.loop.averages import EmaConfig, SwaConfig
from nettrain.training.loop.monitors import MONITORS, accuracy_of, best_mode, measured
from nettrain.training.loop.patience import EarlyStoppingConfig
from nettrain.training.loop.rollback import RollbackConfig
from nettrain.training.loop.starts import RestartsConfig
from nettrain.training.metrics.measured import misfit
from nettrain.training.metrics.table import METRIC_TABLE, METRICS
from nettrain.training.store.runs import name_fault

TABLES = {
    **MODEL_TABLES,
    "losses": Table.of(LOSSES, LOSS_ALIASES),
    "optimizers": Table.of(OPTIMIZERS, OPTIMIZER_ALIASES),
    "metrics": METRIC_TABLE,
    "schedules": Table.of(SCHEDULES, SCHEDULE_ALIASES),
    "augmentations": Table.of({**AUGMENTATIONS, **MIXINGS}, AUGMENTATION_ALIASES),
}

MaxTime = Annotated[Duration, Length(Limit(0, open_low=True), time=True)]


@dataclass(frozen=True)
class TrainConfig(
    Record,
    aliases={
        "max_epochs": "epochs",
        "batch": "batch_size",
        "accumulate_grad_batches": "accumulate",
        "gradient_accumulation_steps": "accumulate",
    },
):
    """How long and in which portions; ``threads`` is the cores available if not given, and never changes the result.

    A step takes ``accumulate`` batches of ``batch_size`` pictures, one after the other, and moves the weights by the
    mean over all of them: as a batch that many times the size would, in the memory of one.

    ``sampling`` says which pictures an epoch has: each once (``shuffle``), every class as often (``balanced``), or by
    ``weighted: {cat: 2, dog: 1}``; always as many as there are.

    ``max_time`` ends each call of fit or resume after that long, at the next step, saved; it can go on from there.

    ``on_nan`` says what a loss, a gradient or a weight that is NaN or infinite does: ``stop`` ends the run with exit
    code 6; ``rollback`` begins the epoch again, with a smaller learning rate from there on. How each of these is used:
    docs/training.md.
    """

    epochs: Count
    batch_size: Count = 128
    accumulate: Count = 1
    sampling: Sampling = "shuffle"
    ema: EmaConfig | None = None
    swa: SwaConfig | None = None
    early_stopping: EarlyStoppingConfig | None = None
    on_nan: Literal["stop", "rollback"] = "stop"
    rollback: RollbackConfig | None = None
    restarts: RestartsConfig | None = None
    threads: Annotated[Count | None, Environment] = None
    max_time: Annotated[MaxTime | None, Environment] = None

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.ema is not None and self.swa is not None:
            yield "swa", "there is ema, too, and only one average can be the model; leave one of them out"
        if self.swa is not None and (before := self.swa.after(self.epochs)) >= self.epochs:
            yield "swa.start", f"leaves none of the {self.epochs} epochs to average, but begins after {before}"
        if self.rollback is not None and self.on_nan != "rollback":
            yield "rollback", f"has no effect when on_nan is {self.on_nan}; set on_nan: rollback, or leave it out"
        if self.restarts is not None and self.restarts.epochs > self.epochs:
            yield "restarts.epochs", f"a trial cannot be longer than the training of {self.epochs} epochs"

    @property
    def going_back(self) -> RollbackConfig | None:
        """How to go back after a divergence; None to stop."""
        return (self.rollback or RollbackConfig()) if self.on_nan == "rollback" else None

    @property
    def trial_epochs(self) -> int:
        """How many epochs go into trying starts."""
        return 0 if self.restarts is None else self.restarts.count * self.restarts.epochs

    @property
    def step_pictures(self) -> int:
        """How many pictures a step takes."""
        return self.batch_size * self.accumulate


@dataclass(frozen=True)
class CheckpointConfig(Record):
    """Which epoch is the best: by val_accuracy, with several labels a picture val_loss, or without val train_loss.

    ``monitor`` is one of these, or ``val_`` and the name of a metric; where it is undefined it counts as 0.
    ``every`` so many steps, epochs, or minutes a checkpoint is written; it never changes the result.
    """

    monitor: Annotated[str, MONITORS] | None = None
    mode: Literal["max", "min"] | None = None
    every: Annotated[Duration, Limit(0, open_low=True), Environment] = Duration(1, "epochs")

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.every.unit != "seconds" and self.every.amount % 1:
            yield "every", f"expected whole {self.every.unit}, got {self.every}"
        if self.mode is None:
            return
        if self.monitor is None:
            yield "mode", "has no effect without a monitor; name one, such as val_accuracy"
        elif self.mode != best_mode(self.monitor):
            yield "mode", f"{self.mode} would keep the worst {self.monitor}; expected {best_mode(self.monitor)}"


@dataclass(frozen=True)
class Config(Record):
    """Four questions: what data, what model, what objective, how to train.

    ``metrics`` are measured on the validation pictures at each epoch's end; accuracy always is.
    """

    data: DataConfig
    model: ModelConfig
    optimizer: Annotated[Chosen, OneOf("optimizers")]
    train: TrainConfig
    version: Literal[1] = 1
    name: Annotated[str | None, Environment] = None
    seed: Whole = 1
    loss: Annotated[Chosen, OneOf("losses")] = Chosen("cross_entropy", CrossEntropyConfig())
    metrics: tuple[Annotated[Chosen, OneOf("metrics")], ...] = ()
    schedule: Annotated[Chosen, OneOf("schedules")] = Chosen("constant", ConstantConfig())
    checkpoint: CheckpointConfig = CheckpointConfig()
    gate: Annotated[GateConfig | None, Environment] = None

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.name is not None and (wrong := name_fault(self.name)):
            yield "name", wrong
        yield from self._metric_faults()
        yield from self._sampling_faults()
        swa = self.train.swa
        if "schedule" in given and swa is not None and swa.lr is not None and swa.after(self.train.epochs) == 0:
            why = "train.swa.lr is the learning rate from the first epoch on"
            yield "schedule", f"has no effect: {why}; leave it out, or begin later (train.swa.start)"
        last = last_activation(self.model.layers)
        if last is not None and last.kind in INSIDE.get(self.loss.kind, ()):
            wants = "wants the outputs of the last layer as they are"
            yield last.key, f"{self.loss.kind} has the {last.kind} in it, and {wants}; leave it out"
        if not LOSSES[self.loss.kind].shares:
            others = " or ".join(kind for kind, row in LOSSES.items() if row.shares)
            why = f"makes labels shares of several classes, and {self.loss.kind} is towards one"
            for chosen in mixings_of(self.data.augment):
                yield f"{chosen.key}.{chosen.kind}", f"{chosen.kind} {why}; expected the loss {others}"

    def _sampling_faults(self) -> Iterator[tuple[str, str]]:
        if (sampling := self.train.sampling) == "shuffle":
            return
        kind = sampling if sampling == "balanced" else "weighted"
        if self.data.several:
            yield "train.sampling", f"{kind} is for one label a picture, but data.labels is several; use class_weights"
        if self.loss.settings.class_weights == "balanced":
            both = f"{kind} draws classes otherwise than they are, and balanced class weights count them as they are"
            yield f"loss.{self.loss.kind}.class_weights", f"train.sampling: {both}; leave one out, or name the weights"

    def _metric_faults(self) -> Iterator[tuple[str, str]]:
        several, shares = self.data.several, not LOSSES[self.loss.kind].several
        if several and shares:
            others = " or ".join(kind for kind, row in LOSSES.items() if row.several)
            yield "loss", f"{self.loss.kind} is for one label a picture; with data.labels: several expected {others}"
        if several and self.gate is not None and self.gate.worst_class_recall is not None:
            yield "gate.worst_class_recall", "is for one label a picture, but data.labels is several; leave it out"
        kinds = [chosen.kind for chosen in self.metrics]
        for place, kind in enumerate(kinds):
            if kind in kinds[:place]:
                yield f"metrics.{place}", f"{kind} is named twice"
            elif wrong := misfit(kind, several, shares):
                yield f"metrics.{place}", f"{kind} {wrong}"
        for key, monitor in self.monitors:
            watched = (monitor or "").partition("_")[2]
            for name in [watched] if watched in METRICS else []:
                if wrong := misfit(name, several, shares):
                    yield key, f"{name} {wrong}"

    @property
    def monitors(self) -> tuple[tuple[str, str | None], ...]:
        """The numbers that something hangs on, each with the key that names it."""
        stopping = self.train.early_stopping
        watched = (("train.early_stopping.monitor", stopping.monitor),) if stopping is not None else ()
        return ("checkpoint.monitor", self.checkpoint.monitor), *watched

    @property
    def measured(self) -> tuple[str, ...]:
        """The metrics of validation beside the accuracy."""
        return measured(self.metrics, *(monitor for _, monitor in self.monitors))

    @property
    def accuracy(self) -> Literal["accuracy", "subset_accuracy"]:
        """What the share of pictures that are right is called."""
        return accuracy_of(self.data.several)
