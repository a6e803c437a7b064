"""A training step of a dense net with scikit-learn: ``partial_fit`` on one batch."""

from __future__ import annotations

import math

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.models import MODELS
from benchmarks.plan import Job
from benchmarks.sides import Prepared

HIDDEN = {"mlp": (512, 256), "mnist_mlp": (128,)}


def prepare(job: Job) -> Prepared:
    """The net of this name, its classes known."""
    case, random = MODELS[job.case], np.random.default_rng(1)
    images = random.standard_normal((job.batch, math.prod(case.shape))).astype(np.float32)
    labels = random.integers(0, case.classes, job.batch)
    model = MLPClassifier(
        HIDDEN[job.case], solver="sgd", momentum=0.9, nesterovs_momentum=False, alpha=0, batch_size=job.batch
    )
    model.partial_fit(images, labels, classes=np.arange(case.classes))
    return Prepared(lambda: model.partial_fit(images, labels), images=job.batch)
