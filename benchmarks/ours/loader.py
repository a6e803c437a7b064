"""An epoch of batches as a fit makes them: decoded on all threads, then augmented one batch ahead."""

from __future__ import annotations

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
from nettrain.data.splitting import make_splits


def prepare(job: Job) -> Prepared:
    """The folder listed, and decoded if it is not the first epoch."""
    epoch, recipe = CASES[job.case]
    data = DataConfig(FilePath(job.folder), ImageConfig((SIDE, SIDE)))
    whole = make_splits(data, 1).train
    split = whole.only(np.arange(min(PICTURES, len(whole.files))))
    augment = tuple(Chosen(kind, AUGMENTATIONS[kind][0](**settings)) for kind, settings in recipe.items())
    kept = None if epoch == FIRST else decode(split, data.image, workers=get_threads())

    def batches(pictures: Pictures) -> int:
        made = Batches(pictures, job.batch, 1, IMAGENET, augment)
        return sum(len(batch.images) for batch in made.training(1))

    return Prepared(lambda: batches(kept or decode(split, data.image, workers=get_threads())), images=len(split.files))
