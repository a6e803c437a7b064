"""A training step of a model, on random pictures that stay the same."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count

import numpy as np

from benchmarks.models import MODELS
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from nettrain.autograd.tensor import Graph, Node, Spec
from nettrain.config.fields import Chosen
from nettrain.config.reader import read_text
from nettrain.model.layer import Layer, Pass
from nettrain.model.layers.conv2d import Conv2d
from nettrain.model.network import ModelConfig, Network, build_network
from nettrain.ops.loss_table import CrossEntropyConfig
from nettrain.optim.sgd import Sgd, SgdConfig
from nettrain.training.config import TABLES
from nettrain.training.objective import training_loss
from nettrain.training.step import Stepper

LEARNING_RATE = 0.01


def prepare(job: Job) -> Prepared:
    """The model of this name, and a step: forward, back, checked, committed."""
    case = MODELS[job.case]
    network = build_network(read_text(case.model, "model", ModelConfig, TABLES, ".").config, case.shape, case.classes)
    weights = network.materialise(seed=1)
    loss = training_loss(Chosen("cross_entropy", CrossEntropyConfig()))
    stepper = Stepper(network, Sgd(SgdConfig(lr=LEARNING_RATE, momentum=0.9), weights), loss)
    random = np.random.default_rng(1)
    images = random.standard_normal((job.batch, *case.shape)).astype(np.float32)
    labels = random.integers(0, case.classes, job.batch)
    numbers = count()
    return Prepared(
        lambda: stepper(images, labels, Pass(True, 1, 0, next(numbers), 0), LEARNING_RATE),
        flops=job.batch * flops_an_image(network),
        images=job.batch,
    )


def flops_an_image(network: Network) -> int:
    """Multiplications and additions of convolutions and dense layers, forward and for the gradients that are needed."""
    layers = {layer.name: layer for layer in _all(network)}
    y = network(Graph().input(Spec(("N", *network.input_shape))), Pass(training=True))
    flops, todo, seen = 0, [y.node], set[int]()
    while todo:
        node = todo.pop()
        if node is None or node.number in seen:
            continue
        seen.add(node.number)
        todo += [source.node for source in node.inputs]
        products = 2 if node.inputs[0].needs_gradient else 1
        flops += 2 * _multiplications(node, layers[node.layer]) * (1 + products)
    return flops


def _multiplications(node: Node, layer: Layer) -> int:
    """Of a forward pass over one picture."""
    if node.op not in ("conv2d", "linear"):
        return 0
    x, weight = (tensor.shape for tensor in node.inputs[:2])
    places = 1
    if isinstance(layer, Conv2d):
        places = math.prod(layer.window.output_size(int(x[1]), int(x[2])))
    return places * math.prod(int(dim) for dim in weight)


def _all(layer: Layer) -> Iterator[Layer]:
    yield layer
    for _, child in layer.children():
        yield from _all(child)
