"""One augmentation of a batch of pictures, as the thread that makes batches does it."""

from __future__ import annotations

import numpy as np

from benchmarks.cases.augment import CASES, KINDS, loaded
from benchmarks.made_pictures import made_pictures
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.table import AUGMENTATIONS


def prepare(job: Job) -> Prepared:
    """The pictures of a call."""
    kind, side = CASES[job.case]
    record, function = AUGMENTATIONS[kind]
    settings = record(**KINDS[kind])
    pixels = np.stack([np.asarray(picture) for picture in made_pictures(job.batch, loaded(kind, side))])
    draw = Draw(1, kind, 0, np.arange(job.batch), size=(side, side))
    return Prepared(lambda: function(pixels, settings, draw), images=job.batch)
