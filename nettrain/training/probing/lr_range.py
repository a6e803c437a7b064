"""The learning-rate range test: a short training in which the rate rises from tiny to far too large.

Source   Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nettrain.arrays.threads import get_threads
from nettrain.config.document import Document
from nettrain.config.fields import Chosen
from nettrain.data.batches import Batches
from nettrain.data.cache import decode, kept_if_it_fits
from nettrain.data.normalize import resolve
from nettrain.errors import Diverged
from nettrain.optim.lookahead import LookaheadConfig
from nettrain.optim.table import make
from nettrain.training.config import Config
from nettrain.training.loop.class_weights import check_class_weights, class_weights
from nettrain.training.loop.loop import Fact, Progress, Step, train
from nettrain.training.loop.objective import training_loss
from nettrain.training.loop.step import Stepper
from nettrain.training.memory import batches_bytes, check_peak, check_weights
from nettrain.training.pictures import Report, list_splits
from nettrain.training.prepare import check_shapes

KEPT = 0.9  # of the smoothed loss, from step to step
FAR_OFF = 4.0  # times the lowest smoothed loss so far: nothing more is to be learnt
SETTLING = 10  # steps before that counts
BELOW_LOWEST = 10.0  # the suggestion is so many times below the rate at which the smoothed loss was lowest


@dataclass(frozen=True, slots=True)
class Trial:
    """One step: its learning rate, its loss before the update, and the mean of the losses up to it, later ones most."""

    lr: float
    loss: float
    smoothed: float


@dataclass(frozen=True, slots=True)
class Range:
    """The trials of a test, in order; ``diverged`` says that the loss ran away before the last rate was tried."""

    trials: tuple[Trial, ...]
    diverged: bool

    @property
    def lowest(self) -> Trial:
        """Where the smoothed loss is lowest."""
        return min(self.trials, key=lambda trial: trial.smoothed)

    @property
    def suggestion(self) -> float | None:
        """A tenth of the rate with the lowest smoothed loss, to two digits; None if the loss did not fall.

        Notes    At the lowest point one update more or less undoes what the one before did, so that is too much for a
                 whole training; a tenth of it still makes the loss fall fast, and has room for noise.
        """
        if self.lowest.smoothed >= self.trials[0].smoothed:
            return None
        return float(f"{self.lowest.lr / BELOW_LOWEST:.1e}")


def rates(low: float, high: float, steps: int) -> list[float]:
    """So many learning rates from ``low`` to ``high``, each the same factor above the one before."""
    return [low * (high / low) ** (step / (steps - 1)) for step in range(steps)]


def lr_key(optimizer: Chosen) -> str:
    """The config's key of the learning rate."""
    inner = optimizer.settings
    if isinstance(inner, LookaheadConfig):
        return f"optimizer.{optimizer.kind}.{lr_key(inner.optimizer)}"
    return f"optimizer.{optimizer.kind}.lr"


def range_test(document: Document[Config], lrs: Sequence[float], report: Report) -> Range:
    """Train with fresh weights, a step with each rate in turn, until the loss is far off or not finite.

    Errors   those of ``prepare``, for the pictures that are needed.
    Notes    Weights and optimizer are thrown away, the config's schedule is not used, and nothing is written. Of more
             pictures than the steps need, some from all classes are decoded.
    """
    stepper, batches = _set_up(document, len(lrs), report)
    trials: list[Trial] = []
    average, config = 0.0, document.config

    def learning_rate(step: int, history: Sequence[float]) -> float:
        return lrs[step]

    accumulate = config.train.accumulate
    facts = train(stepper, batches, learning_rate, len(lrs), config.seed, Progress(), (), accumulate)
    try:
        for fact in _steps(facts, len(lrs)):
            average = KEPT * average + (1 - KEPT) * fact.loss
            smoothed = average / (1 - KEPT ** (len(trials) + 1))  # as if the losses before had been the same
            trials.append(Trial(fact.lr, fact.loss, smoothed))
            if len(trials) > SETTLING and smoothed > FAR_OFF * min(trial.smoothed for trial in trials):
                return Range(tuple(trials), True)
    except Diverged:
        if not trials:
            raise
        return Range(tuple(trials), True)
    return Range(tuple(trials), False)


def _steps(facts: Iterator[Fact], most: int) -> Iterator[Step]:
    """The first so many steps."""
    for fact in facts:
        if isinstance(fact, Step):
            yield fact
            if fact.step == most:
                return


def _set_up(document: Document[Config], steps: int, report: Report) -> tuple[Stepper, Batches]:
    """What makes the steps, and their batches."""
    config = document.config
    check_shapes(document)
    whole = list_splits(document).train
    network = check_shapes(document, len(whole.classes))
    check_class_weights(document, whole.classes)
    check_weights(document, network)
    check_peak(document, batches_bytes(config, network, len(whole.files)), len(whole.files))
    size = min(config.train.batch_size, len(whole.files))
    needed = min(len(whole.files), steps * size * config.train.accumulate)
    split = whole.only(np.linspace(0, len(whole.files) - 1, needed).astype(np.int64))
    image = config.data.image_of(whole.name)

    def progress(done: int, total: int) -> None:
        report("decoding train", done, total)

    kept = kept_if_it_fits(needed, image)
    pictures = decode(split, image, config.data.on_bad_image, kept, get_threads(), progress)
    normalization = resolve(config.data.normalize, pictures)
    optimizer = make(config.optimizer, network.materialise(config.seed))
    loss = training_loss(config.loss, class_weights(config.loss, whole.labels, whole.classes))
    stepper = Stepper(network, optimizer, loss)
    batches = Batches(
        *(pictures, size, config.seed, normalization, config.data.augment),
        size=config.data.image.size,
        sampling=config.train.sampling,
    )
    return stepper, batches
