"""A batch of pictures mixed in place, each with the one before it and by a share of its own."""

from __future__ import annotations

import numpy as np

from benchmarks.cases.mixing import CASES, CLASSES, SIDE
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from nettrain.config.fields import Chosen
from nettrain.data.augment.mixing import MIXINGS, mix


def prepare(job: Job) -> Prepared:
    """The pictures of a call, and one more that the first is mixed with."""
    kind, random = CASES[job.case], np.random.default_rng(1)
    images = random.random((1 + job.batch, SIDE, SIDE, 3), np.float32)
    shares = np.eye(CLASSES, dtype=np.float32)[random.integers(0, CLASSES, 1 + job.batch)]
    chosen, positions = [(kind, Chosen(kind, MIXINGS[kind][0]()))], np.arange(job.batch)
    return Prepared(lambda: mix(images, shares, chosen, 1, 0, positions), images=job.batch)
