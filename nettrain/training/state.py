"""The state of a training: all that the rest of it depends on, as one checkpoint, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.autograd.tensor import Array
from nettrain.config.resolved import to_plain
from nettrain.errors import CheckpointError, ConfigError, DataError, Diverged
from nettrain.optim.optimizer import Optimizer
from nettrain.optim.table import make
from nettrain.training.checkpoint import Checkpoint
from nettrain.training.config import Config
from nettrain.training.lineage import Lineage
from nettrain.training.loop import Progress
from nettrain.training.model_file import OPTIMIZER, model_meta, put_state
from nettrain.training.monitors import best_mode
from nettrain.training.prepare import Prepared
from nettrain.training.typed import misfits


@dataclass
class Best:
    """The best epoch so far, by the monitored number; None before the first."""

    epoch: int | None = None
    step: int | None = None
    value: float | None = None

    def improves(self, monitor: str, value: float) -> bool:
        """Whether ``value`` is better than the best so far; of equals the first stays."""
        if self.value is None:
            return True
        return value > self.value if best_mode(monitor) == "max" else value < self.value


@dataclass
class History:
    """The monitored number of each finished epoch."""

    values: list[float] = field(default_factory=list)


PARTS: dict[str, type[Any]] = {  # what a checkpoint holds beside the tensors: dataclasses of plain values
    "progress": Progress,
    "history": History,
    "best": Best,
    "lineage": Lineage,
}
META: dict[str, Any] = {  # what the metadata holds, and of which type
    **PARTS,
    "step": int,
    "logs": {"metrics.csv": int, "events.jsonl": int},
    "fingerprint": str,
    "class_weights": list[float] | None,
    "config": dict,
    "classes": list[str],
    "normalization": {"mean": list[float], "std": list[float]},
}


@dataclass
class State:
    """Network and optimizer with their memory, and a row of ``PARTS`` for all else that a later step depends on."""

    prepared: Prepared
    weights: Flat
    optimizer: Optimizer
    progress: Progress = field(default_factory=Progress)
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    lineage: Lineage = field(default_factory=Lineage)

    @classmethod
    def fresh(cls, prepared: Prepared) -> State:
        """The state before the first step; this is where the weights get memory."""
        config, network = prepared.config, prepared.network
        weights = network.materialise(config.seed)
        return cls(prepared, weights, make(config.optimizer, weights))

    def meta(self, logs: Mapping[str, int]) -> dict[str, Any]:
        """The metadata of a checkpoint; ``logs`` are the byte lengths of the logs that belong to it."""
        prepared = self.prepared
        return {
            **model_meta(prepared.config, prepared.classes, prepared.normalization),
            **{name: asdict(getattr(self, name)) for name in PARTS},
            "step": self.progress.step,
            "logs": dict(logs),
            "fingerprint": prepared.fingerprint,
            "class_weights": None if prepared.class_weights is None else list(prepared.class_weights),
        }

    def tensors(self) -> dict[str, Array]:
        """Every tensor of a checkpoint by name: parameters, buffers, optimizer state."""
        slots = {OPTIMIZER + name: array for name, array in self.optimizer.state().items()}
        return {**self.prepared.network.state(), **slots}

    def check_finite(self) -> None:
        """Errors ``Diverged`` names the step and the first tensor that is NaN or infinite.

        Notes    A step checks what goes into an update; this finds an update that overflowed.
        """
        at = self.progress
        for name, array in self.tensors().items():
            if not np.isfinite(array).all():
                what = f"{name} is not finite; try a smaller learning rate"
                raise Diverged(f"diverged at step {at.step} of epoch {at.epoch + 1}: {what}")

    def restore(self, saved: Checkpoint, path: str | os.PathLike[str]) -> None:
        """Become the saved state.

        Errors   ``CheckpointError`` if it belongs to another config or model, ``DataError`` if to other pictures;
                 nothing is changed then.
        """
        shown = os.fspath(path)
        self._compare(saved.meta, shown)
        ours, theirs = self.tensors(), saved.tensors
        put_state(ours, theirs, shown)
        for name, part in PARTS.items():
            setattr(self, name, part(**saved.meta[name]))
        self.optimizer.steps = self.progress.step

    def _compare(self, meta: Mapping[str, Any], shown: str) -> None:
        compare_configs(self.prepared.config, meta, shown)
        if list(self.prepared.classes) != meta["classes"]:
            raise CheckpointError("was made with other classes; start a new run", shown)
        if self.prepared.fingerprint != meta["fingerprint"]:
            message = "the pictures are not those that the run was started with; put them back as they were"
            raise DataError(message, self.prepared.train.split.root)
        weights = self.prepared.class_weights
        if (None if weights is None else list(weights)) != meta["class_weights"]:
            raise CheckpointError("was made with other class weights; start a new run", shown)


def compare_configs(config: Config, meta: Mapping[str, Any], shown: str) -> None:
    """Refuse a checkpoint of another config; only keys that can change the result count.

    Errors   ``CheckpointError`` names the keys that differ, or what in the metadata is not of a training.
    """
    if wrong := next(misfits(dict(meta), META, ""), None):
        raise CheckpointError(f"is not the checkpoint of a training ({wrong}); use another one", shown)
    if meta["step"] != meta["progress"]["step"]:
        what = f"step is {meta['step']}, but progress.step {meta['progress']['step']}"
        raise CheckpointError(f"is not the checkpoint of a training ({what}); use another one", shown)
    try:
        Lineage(**meta["lineage"]).schedules()
    except ConfigError as error:
        raise CheckpointError(
            f"is not the checkpoint of a training ({error.faults[0]}); use another one", shown
        ) from error
    if differing := sorted(_differences(to_plain(config, environment=False), meta["config"])):
        raise CheckpointError(f"was made with another config: {', '.join(differing)} differ; start a new run", shown)


def _differences(ours: Any, theirs: Any, key: str = "") -> set[str]:
    """The dotted keys at which two plain configs differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {
            found
            for name in ours.keys() | theirs.keys()
            for found in _differences(ours.get(name), theirs.get(name), f"{key}.{name}" if key else name)
        }
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return {d for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) for d in _differences(a, b, f"{key}.{i}")}
    return set() if ours == theirs else {key}
