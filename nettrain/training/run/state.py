"""The state of a training: all that the rest of it depends on, as one checkpoint, and back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.autograd.tensor import Array
from nettrain.data.fingerprint import refuse_other_contents
from nettrain.errors import SMALLER_RATE, CheckpointError, Diverged
from nettrain.optim.average import Average
from nettrain.optim.optimizer import Optimizer
from nettrain.optim.table import make
from nettrain.training.config import Config
from nettrain.training.loop.averages import Averaged, keeps_buffers
from nettrain.training.loop.averaging import with_statistics, worn
from nettrain.training.loop.loop import Progress
from nettrain.training.loop.patience import Patience
from nettrain.training.loop.rollback import Rollbacks, Snapshot
from nettrain.training.loop.starts import Starts
from nettrain.training.model_file import AVERAGE, EPOCH_START, OPTIMIZER, model_meta, put_state
from nettrain.training.origin import Origin
from nettrain.training.prepare import Prepared
from nettrain.training.run.agreement import compare_configs
from nettrain.training.run.lineage import Lineage
from nettrain.training.run.parts import PARTS, Best, History, made
from nettrain.training.store.checkpoint import Checkpoint


@dataclass
class State:
    """Network and optimizer with their memory, and a row of ``PARTS`` for all else that a later step depends on.

    ``average`` are averaged weights, ``snapshot`` what the state was when the epoch began (``averaged_before`` among
    it), to go back to; None where the config has none.
    """

    prepared: Prepared
    weights: Flat
    optimizer: Optimizer
    average: Average | None = None
    snapshot: Snapshot | None = None
    progress: Progress = field(default_factory=Progress)
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    lineage: Lineage = field(default_factory=Lineage)
    patience: Patience = field(default_factory=Patience)
    averaged: Averaged = field(default_factory=Averaged)
    averaged_before: Averaged = field(default_factory=Averaged)
    rollbacks: Rollbacks = field(default_factory=Rollbacks)
    starts: Starts = field(default_factory=Starts)
    origin: Origin = field(default_factory=Origin)

    @classmethod
    def fresh(cls, prepared: Prepared, seed: int | None = None) -> State:
        """The state before the first step, with the weights of ``seed``, or else the config's; they get memory here."""
        config, network = prepared.config, prepared.network
        weights = network.materialise(config.seed if seed is None else seed)
        origin = Origin() if prepared.origin is None else prepared.origin.put(network)
        state = cls(prepared, weights, make(config.optimizer, weights), origin=origin)
        if config.train.ema is not None or config.train.swa is not None:
            state.average = Average(weights, state.averaged_buffers())
        if config.train.going_back is not None:
            state.snapshot = Snapshot(state._own_tensors())
        return state

    def averaged_buffers(self) -> dict[str, Array]:
        """The buffers that are averaged as the weights are."""
        buffers = self.prepared.network.buffers if keeps_buffers(self.config.train.ema) else {}
        return {name: buffer.array for name, buffer in buffers.items()}

    @property
    def config(self) -> Config:
        return self.prepared.config

    @property
    def number(self) -> int:
        """Of its checkpoint: the steps of this training, after all those of the starts tried before it."""
        return self.starts.steps_before + self.progress.step

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        if self.config.train.restarts is not None and self.starts.chosen is None:
            return False
        return self.patience.stopped_at is not None or self.progress.epoch >= self.lineage.epochs(self.config)

    def meta(self, logs: Mapping[str, int]) -> dict[str, Any]:
        """The metadata of a checkpoint; ``logs`` are the byte lengths of the logs that belong to it."""
        prepared = self.prepared
        return {
            **model_meta(prepared.config, prepared.classes, prepared.normalization),
            **{name: asdict(getattr(self, name)) for name in PARTS},
            "step": self.number,
            "logs": dict(logs),
            "fingerprint": prepared.fingerprint,
            "class_weights": None if prepared.class_weights is None else list(prepared.class_weights),
        }

    def tensors(self) -> dict[str, Array]:
        """Every tensor of a checkpoint by name: parameters, buffers, optimizer state, averages.

        In the middle of an epoch also what they were at its start, if the training may go back to it.
        """
        return self._tensors(self.progress.position > 0)

    def _tensors(self, in_an_epoch: bool) -> dict[str, Array]:
        kept = self.snapshot.tensors if self.snapshot is not None and in_an_epoch else {}
        return {**self._own_tensors(), **{EPOCH_START + name: array for name, array in kept.items()}}

    def _own_tensors(self) -> dict[str, Array]:
        slots = {OPTIMIZER + name: array for name, array in self.optimizer.state().items()}
        average = {} if self.average is None else self.average.state()
        averages = {AVERAGE + name: array for name, array in average.items()}
        return {**self.prepared.network.state(), **slots, **averages}

    def epoch_begins(self) -> None:
        """An epoch begins here: what a rollback goes back to."""
        if self.snapshot is not None:
            self.snapshot.take(self._own_tensors())
            self.averaged_before = replace(self.averaged)

    def go_back(self) -> None:
        """Begin the epoch again. The state may be anything, NaN and infinity too."""
        if self.snapshot is not None:
            step = self.progress.epoch * self.prepared.steps_per_epoch
            self.rollbacks.made.append({"step": self.progress.step, "back_to": step})
            self.snapshot.give_back(self._own_tensors())
            self.progress = Progress(self.progress.epoch, step)
            self.averaged = replace(self.averaged_before)
            self.optimizer.steps = step

    def follow(self, step: int) -> None:
        """In a commit: the moving average goes after the weights; ``step`` counts those before."""
        if self.average is not None and (ema := self.config.train.ema) is not None:
            self.average.move(ema.share(step))

    def average_epoch(self, epoch: int) -> None:
        """Take the weights at the end of an epoch into their mean, if that is asked for; once an epoch."""
        swa, taken = self.config.train.swa, self.averaged
        if swa is not None and self.average is not None and swa.after(self.config.train.epochs) < epoch > taken.epoch:
            taken.models, taken.epoch = taken.models + 1, epoch
            self.average.move(1 / taken.models)

    @contextmanager
    def shipped(self, epoch: int) -> Iterator[None]:
        """Inside, the network is what is validated and shipped: with averaged weights where there are some.

        Errors   those of ``with_statistics``.
        """
        network, train = self.prepared.network, self.config.train
        if self.average is None or (train.swa is not None and not self.averaged.models):
            yield
        elif keeps_buffers(train.ema):
            with worn(network, self.average.state()):
                yield
        else:
            with with_statistics(self.prepared, self.average.state(), epoch):
                yield

    def learning_rate(self) -> Callable[[int, Sequence[float]], float]:
        """The learning rate of each step: the schedule's, or that of SWA; less after each rollback."""
        prepared, train = self.prepared, self.config.train
        scheduled = self.lineage.learning_rate(self.config, prepared.steps_per_epoch, prepared.monitor)
        factor = 1.0 if train.going_back is None else self.rollbacks.lr_factor(train.going_back)
        if train.swa is None or train.swa.lr is None:
            return lambda step, history: scheduled(step, history) * factor
        constant, start = train.swa.lr, train.swa.after(train.epochs) * prepared.steps_per_epoch
        return lambda step, history: (scheduled(step, history) if step < start else constant) * factor

    def check_finite(self) -> None:
        """Errors ``Diverged`` names the step and the first tensor that is NaN or infinite.

        Notes    A step checks what goes into an update; this finds an update that overflowed.
        """
        at = self.progress
        for name, array in self.tensors().items():
            if not np.isfinite(array).all():
                what = f"diverged at step {at.step} of epoch {at.epoch + 1}: {name} is not finite"
                raise Diverged(what, cure=SMALLER_RATE)

    def restore(self, saved: Checkpoint, path: str | os.PathLike[str]) -> None:
        """Become the saved state.

        Errors   ``CheckpointError`` if it belongs to another config or model, ``DataError`` if to other pictures;
                 nothing is changed then.
        """
        shown = os.fspath(path)
        self._compare(saved.meta, shown)
        put_state(self._tensors(saved.meta["progress"]["position"] > 0), saved.tensors, shown)
        for name, part in PARTS.items():
            setattr(self, name, made(part, saved.meta[name]))
        self.optimizer.steps = self.progress.step
        if self.progress.position == 0:
            self.epoch_begins()

    def _compare(self, meta: Mapping[str, Any], shown: str) -> None:
        compare_configs(self.prepared.config, meta, shown)
        if list(self.prepared.classes) != meta["classes"]:
            raise CheckpointError("was made with other classes; start a new run", shown)
        refuse_other_contents(self.prepared.fingerprint, meta["fingerprint"], self.prepared.splits)
        weights = self.prepared.class_weights
        if (None if weights is None else list(weights)) != meta["class_weights"]:
            raise CheckpointError("was made with other class weights; start a new run", shown)
