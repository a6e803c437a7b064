"""Training steps that take their batches from the thread that makes them: moved, mirrored, normalised."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, repeat

from benchmarks.cases.feeding import AGAIN
from benchmarks.cases.loader import RECIPES
from benchmarks.ours.loader import augmentations, decoded, split_of
from benchmarks.ours.steps import LEARNING_RATE, stepper_of
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from nettrain.data.batches import Batch, Batches
from nettrain.data.normalize import IMAGENET
from nettrain.model.layer import Pass

RECIPE = "crop-flip"


def prepare(job: Job) -> Prepared:
    """The pictures decoded, the first batch made, and a step of the model."""
    made = whole(Batches(decoded(split_of(job)), job.batch, 1, IMAGENET, augmentations(RECIPES[RECIPE])))
    batches = repeat(next(made)) if job.variant == AGAIN else made
    step, numbers = stepper_of(job.case), count()

    def call() -> None:
        batch = next(batches)
        step(batch.images, batch.labels, Pass(True, 1, 0, next(numbers), 0), LEARNING_RATE)

    return Prepared(call, images=job.batch)


def whole(batches: Batches) -> Iterator[Batch]:
    """The batches of one epoch after the other, but for those with fewer pictures."""
    for epoch in count():
        yield from (batch for batch in batches.training(epoch) if len(batch.images) == batches.batch_size)
