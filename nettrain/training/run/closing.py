"""An epoch's end: validated, written down, and kept if it is the best so far."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nettrain.autograd.clock import Clock
from nettrain.data.batches import Batches
from nettrain.training.loop.evaluation import inference_batch, judge
from nettrain.training.loop.loop import EpochEnd
from nettrain.training.loop.monitors import UNDEFINED
from nettrain.training.metrics.counts import mean_loss
from nettrain.training.metrics.scored import Scored
from nettrain.training.metrics.table import measure
from nettrain.training.prepare import Prepared
from nettrain.training.run.run_logs import RunLogs
from nettrain.training.run.saving import save_best
from nettrain.training.run.state import State
from nettrain.training.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class EpochRow:
    """An epoch with its validation, in nats per image and shares of 1; ``value`` is the monitored number.

    ``metrics`` are those that the config asks for beside, by their columns; None where one is undefined.
    ``accuracy`` is what train_accuracy and val_accuracy are called in the logs.
    """

    end: EpochEnd
    val_loss: float | None
    val_accuracy: float | None
    metrics: Mapping[str, float | None]
    value: float
    is_best: bool
    seconds: float
    images_per_second: float
    accuracy: Literal["accuracy", "subset_accuracy"] = "accuracy"


def close_epoch(
    end: EpochEnd, state: State, folder: RunFolder, logs: RunLogs, clock: Clock, seconds: float, pictures: int
) -> EpochRow:
    """Validate an epoch, which took so many seconds for so many pictures, and write what it was.

    Errors   ``Diverged`` if the state is not finite; ``Interrupted`` while it validates, nothing has changed then;
             ``EnvironmentFault``.
    """
    state.check_finite()
    begun = time.perf_counter()
    state.average_epoch(end.epoch)
    with state.shipped(end.epoch):
        validated = validate(state.prepared)
        clock.lap("validation")
        timed = seconds, pictures / seconds, time.perf_counter() - begun
        return _write(end, state, folder, logs, clock, validated, timed)


def _write(
    end: EpochEnd,
    state: State,
    folder: RunFolder,
    logs: RunLogs,
    clock: Clock,
    validated: dict[str, float | None],
    timed: tuple[float, float, float],
) -> EpochRow:
    """Note what an epoch was; ``timed`` are its seconds, pictures a second, and seconds of validation."""
    prepared, (seconds, images_per_second, val_seconds) = state.prepared, timed
    name = prepared.config.accuracy
    numbers = {"train_loss": end.train_loss, f"train_{name}": end.train_accuracy, **validated}
    monitored = numbers[prepared.monitor]
    value = UNDEFINED if monitored is None else monitored
    row = {"epoch": end.epoch, "step": end.step, "lr": end.lr, **numbers}
    logs.metrics.row(row)
    logs.events.event("epoch", **{key: number for key, number in row.items() if number is not None})
    logs.timings.row(
        {
            "epoch": end.epoch,
            "seconds": round(seconds, 3),
            "images_per_second": round(images_per_second, 1),
            "val_seconds": round(val_seconds, 3),
        }
    )
    state.history.values.append(value)
    if (stopping := state.config.train.early_stopping) is not None:
        watched = numbers[stopping.monitor]
        state.patience.look(stopping, end.epoch, UNDEFINED if watched is None else watched)
    best = state.best
    is_best = best.improves(prepared.monitor, value)
    if is_best:
        best.epoch, best.step, best.value = end.epoch, end.step, value
        clock.lap("logs")
        save_best(folder, state)
        clock.lap("checkpoints")
    loss, accuracy = validated.pop("val_loss", None), validated.pop(f"val_{name}", None)
    return EpochRow(end, loss, accuracy, validated, value, is_best, seconds, images_per_second, name)


def validate(prepared: Prepared) -> dict[str, float | None]:
    """Loss, accuracy and metrics on the validation pictures, by their columns; empty where there are none."""
    if prepared.val is None:
        return {}
    size = inference_batch(prepared.config.data.image.frames)
    batches = Batches(prepared.val, size, 0, prepared.normalization)
    judged = judge(prepared.network, prepared.config.loss, batches.in_order())
    scored = Scored(judged.labels, judged.probabilities)
    names = (prepared.config.accuracy, *prepared.config.measured)
    found = {f"val_{name}": measure(name, scored) for name in names}
    return {"val_loss": mean_loss(judged.losses.tolist()), **found}
