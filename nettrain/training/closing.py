"""An epoch's end: validated, written down, and kept if it is the best so far."""

from __future__ import annotations

import time
from dataclasses import dataclass

from nettrain.autograd.clock import Clock
from nettrain.data.batches import Batches
from nettrain.training.evaluation import INFERENCE_BATCH, judge
from nettrain.training.loop import EpochEnd
from nettrain.training.metrics import accuracy, confusion_matrix, mean_loss
from nettrain.training.prepare import Prepared
from nettrain.training.run_folder import RunFolder
from nettrain.training.run_logs import RunLogs
from nettrain.training.saving import save_best
from nettrain.training.state import State


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


def close_epoch(
    end: EpochEnd, state: State, folder: RunFolder, logs: RunLogs, clock: Clock, seconds: float, pictures: int
) -> EpochRow:
    """Validate an epoch, which took so many seconds for so many pictures, and write what it was.

    Errors   ``Diverged`` if the state is not finite; ``Interrupted`` while it validates, nothing has changed then;
             ``EnvironmentFault``.
    """
    state.check_finite()
    prepared, begun = state.prepared, time.perf_counter()
    val_loss, val_accuracy = validate(prepared)
    clock.lap("validation")
    numbers = {
        "train_loss": end.train_loss,
        "train_accuracy": end.train_accuracy,
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
    }
    value = float(numbers[prepared.monitor] or 0.0)
    row = {"epoch": end.epoch, "step": end.step, "lr": end.lr, **numbers}
    logs.metrics.row(row)
    logs.events.event("epoch", **{key: number for key, number in row.items() if number is not None})
    logs.timings.row(
        {
            "epoch": end.epoch,
            "seconds": round(seconds, 3),
            "images_per_second": round(pictures / seconds, 1),
            "val_seconds": round(time.perf_counter() - begun, 3),
        }
    )
    state.history.values.append(value)
    best = state.best
    is_best = best.improves(prepared.monitor, value)
    if is_best:
        best.epoch, best.step, best.value = end.epoch, end.step, value
        clock.lap("logs")
        save_best(folder, state)
        clock.lap("checkpoints")
    return EpochRow(end, val_loss, val_accuracy, value, is_best, seconds, pictures / seconds)


def validate(prepared: Prepared) -> tuple[float | None, float | None]:
    """Loss and accuracy on the validation pictures; None where there are none."""
    if prepared.val is None:
        return None, None
    batches = Batches(prepared.val, INFERENCE_BATCH, 0, prepared.normalization)
    judged = judge(prepared.network, prepared.config.loss, batches.in_order())
    matrix = confusion_matrix(judged.labels, judged.probabilities.argmax(axis=1), len(prepared.classes))
    return mean_loss(judged.losses.tolist()), accuracy(matrix)
