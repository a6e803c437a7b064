"""The training loop as a stream of facts; whoever reads them decides what to do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from nettrain.data.batches import Batches
from nettrain.model.layer import Pass
from nettrain.training.loop.step import Stepper


@dataclass(slots=True)
class Progress:
    """How far the training is, with the running sums of the epoch: all that the rest depends on, beside the tensors.

    ``position`` counts the pictures of the epoch already trained on; ``loss_sum`` adds loss times pictures, in nats.
    """

    epoch: int = 0
    step: int = 0
    position: int = 0
    loss_sum: float = 0.0
    correct: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A committed step: its number from 1, the epoch from 1, and the loss in nats per image before the update."""

    epoch: int
    step: int
    position: int
    pictures: int
    loss: float
    lr: float


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """An epoch's end: means over its pictures, as they came, augmented and before each update."""

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_accuracy: float


@dataclass(frozen=True, slots=True)
class EpochClosed:
    """Nothing of the epoch is open any more: the moment to save."""

    epoch: int


Fact = Step | EpochEnd | EpochClosed


def train(
    stepper: Stepper,
    batches: Batches,
    learning_rate: Callable[[int, Sequence[float]], float],
    epochs: int,
    seed: int,
    progress: Progress,
    history: Sequence[float],
    accumulate: int = 1,
) -> Iterator[Fact]:
    """Train from ``progress`` up to the end of epoch ``epochs``; ``progress`` moves with every committed step.

    ``history`` is the monitored number of each finished epoch, which a schedule may look at. A step takes
    ``accumulate`` batches, or those that are left of the epoch.

    Errors   those of ``Stepper``; a step that raises leaves weights, buffers and ``progress`` as they were.
    Notes    between ``EpochEnd`` and ``EpochClosed`` the epoch is still open: a reader that is interrupted while it
             validates gets ``EpochEnd`` again when it goes on from ``progress``.
    """
    while progress.epoch < epochs:
        with closing(batches.training(progress.epoch, progress.position)) as stream:
            while (left := len(batches.pictures) - progress.position) > 0:
                pictures = min(left, accumulate * batches.batch_size)
                lr = learning_rate(progress.step, history)
                now = Pass(True, seed, progress.epoch, progress.step, progress.position)
                outcome = stepper.step(islice(stream, accumulate), pictures, now, lr)
                progress.step += 1
                progress.position += pictures
                progress.loss_sum += outcome.loss * pictures
                progress.correct += outcome.correct
                yield Step(progress.epoch + 1, progress.step, progress.position, pictures, outcome.loss, lr)
        seen = progress.position
        last_lr = learning_rate(progress.step - 1, history)
        yield EpochEnd(progress.epoch + 1, progress.step, last_lr, progress.loss_sum / seen, progress.correct / seen)
        progress.epoch, progress.position, progress.loss_sum, progress.correct = progress.epoch + 1, 0, 0.0, 0
        yield EpochClosed(progress.epoch)
