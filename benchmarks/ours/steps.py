"""A training step of a model, on random pictures that stay the same."""

from __future__ import annotations

from itertools import count

import numpy as np

from benchmarks.models import MODELS
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from nettrain.autograd.tensor import Graph, Spec
from nettrain.autograd.walk import last_first
from nettrain.config.fields import Chosen
from nettrain.config.reader import read_text
from nettrain.model.layer import Pass
from nettrain.model.network import ModelConfig, Network, build_network
from nettrain.ops.loss_table import CrossEntropyConfig
from nettrain.optim.sgd import Sgd, SgdConfig
from nettrain.training.config import TABLES
from nettrain.training.loop.objective import training_loss
from nettrain.training.loop.step import Stepper

LEARNING_RATE = 0.01


def prepare(job: Job) -> Prepared:
    """The model of this name, and a step: forward, back, checked, committed."""
    case, stepper = MODELS[job.case], stepper_of(job.case)
    random = np.random.default_rng(1)
    images = random.standard_normal((job.batch, *case.shape)).astype(np.float32)
    labels = random.integers(0, case.classes, job.batch)
    numbers = count()
    return Prepared(
        lambda: stepper(images, labels, Pass(True, 1, 0, next(numbers), 0), LEARNING_RATE),
        flops=job.batch * flops_an_image(stepper.network),
        images=job.batch,
    )


def stepper_of(name: str) -> Stepper:
    """The model of this name with an optimizer, ready for its first step."""
    case = MODELS[name]
    network = build_network(read_text(case.model, "model", ModelConfig, TABLES, ".").config, case.shape, case.classes)
    loss = training_loss(Chosen("cross_entropy", CrossEntropyConfig()))
    return Stepper(network, Sgd(SgdConfig(lr=LEARNING_RATE, momentum=0.9), network.materialise(seed=1)), loss)


def flops_an_image(network: Network) -> int:
    """Multiplications and additions of convolutions and dense layers, forward and for the gradients that are needed."""
    y = network(Graph().input(Spec((1, *network.input_shape))), Pass(training=True))
    return sum(int(forward) + int(back) for forward, back in (node.flops for node in last_first(y.node)))
