"""An epoch of batches as a fit makes them: decoded on all threads, then augmented one batch ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.cases.loader import CASES, FIRST, PICTURES, SIDE
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from nettrain.arrays.threads import get_threads
from nettrain.config.fields import Chosen, FilePath
from nettrain.data.augment.table import AUGMENTATIONS
from nettrain.data.batches import Batches
from nettrain.data.cache import Pictures, decode
from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.normalize import IMAGENET
from nettrain.data.split import Split
from nettrain.data.splitting import make_splits

IMAGE = ImageConfig((SIDE, SIDE))


def prepare(job: Job) -> Prepared:
    """The folder listed, and decoded if it is not the first epoch."""
    epoch, recipe = CASES[job.case]
    split = split_of(job)
    kept = None if epoch == FIRST else decoded(split)

    def batches() -> int:
        made = Batches(kept or decoded(split), job.batch, 1, IMAGENET, augmentations(recipe))
        return sum(len(batch.images) for batch in made.training(1))

    return Prepared(batches, images=len(split.files))


def split_of(job: Job) -> Split:
    """The pictures of the job's folder that are taken, listed."""
    whole = make_splits(DataConfig(FilePath(job.folder), IMAGE), 1).train
    return whole.only(np.arange(min(PICTURES, len(whole.files))))


def decoded(split: Split) -> Pictures:
    """All of them, in memory."""
    return decode(split, IMAGE, workers=get_threads())


def augmentations(recipe: Mapping[str, Mapping[str, Any]]) -> tuple[Chosen, ...]:
    """A recipe as ``data.augment`` has it."""
    return tuple(Chosen(kind, AUGMENTATIONS[kind][0](**settings)) for kind, settings in recipe.items())
