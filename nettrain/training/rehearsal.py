"""A rehearsal: everything that a training does, on one batch, with nothing written; and what the whole would cost."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from nettrain.arrays.threads import get_threads
from nettrain.autograd.backward import backward
from nettrain.autograd.tensor import Graph
from nettrain.config.document import Document
from nettrain.data.batches import Batches
from nettrain.data.cache import decode
from nettrain.data.normalize import resolve
from nettrain.data.split import make_splits
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.ops.losses import mean
from nettrain.training.config import Config
from nettrain.training.estimate import step_bytes
from nettrain.training.prepare import FLOAT_BYTES, check_monitor, check_schedule, check_shapes, training_bytes
from nettrain.training.run import training_loss

REPEATS = 3  # of the batch, after one to warm up; the fastest counts


@dataclass(frozen=True)
class Rehearsal:
    """What one batch showed. Units: seconds, bytes, nats per image."""

    network: Network
    notes: tuple[str, ...]
    pictures: int
    classes: int
    batch: int
    epochs: int
    loss: float
    batch_seconds: float
    cache_bytes: int
    memory_bytes: int
    disk_bytes: int

    @property
    def steps(self) -> int:
        return -(-self.pictures // self.batch)

    @property
    def images_per_second(self) -> float:
        return self.batch / self.batch_seconds

    @property
    def seconds(self) -> float:
        return self.epochs * self.pictures / self.images_per_second

    @property
    def even_guess(self) -> float:
        return math.log(self.classes)


def rehearse(document: Document[Config]) -> Rehearsal:
    """One batch forward and back.

    Errors   those of ``prepare``; only the pictures of one batch are decoded, or all where bad ones are skipped.
    """
    config = document.config
    check_shapes(document)
    splits = make_splits(config.data, config.seed)
    network = check_shapes(document, len(splits.classes))
    check_monitor(document, splits)
    check_schedule(document, splits)
    train = splits.train
    if config.data.on_bad_image == "skip":  # which pictures are left is known only when all were tried
        train = decode(train, config.data.image, "skip", "none", get_threads()).split
    total = len(train.files)
    batch = min(config.train.batch_size, total)
    few = train.only(np.linspace(0, total - 1, batch).astype(np.int64))  # spread over all classes
    pictures = decode(few, config.data.image, config.data.on_bad_image, "ram", get_threads())
    normalization = resolve(config.data.normalize, pictures)
    network.materialise(config.seed)
    batches = Batches(pictures, batch, config.seed, normalization, config.data.augment)
    loss_of = training_loss(config.loss)
    first = next(iter(batches.training(0)))
    times, loss = [], math.nan
    for _ in range(1 + REPEATS):
        begun = time.perf_counter()
        graph = Graph()
        value = mean(loss_of(network(graph.input(first.images), Pass(True, config.seed)), first.labels))
        backward(value)
        times.append(time.perf_counter() - begun)
        loss = float(value.array)
    one = int(np.prod(pictures.shape))
    held = sum(len(split.files) for split in (splits.train, splits.val) if split is not None)
    cache = held * one if config.data.cache == "ram" else 0
    weights = training_bytes(config, network)
    model = FLOAT_BYTES * network.parameter_count
    return Rehearsal(
        network=network,
        notes=splits.notes,
        pictures=total,
        classes=len(splits.classes),
        batch=batch,
        epochs=config.train.epochs,
        loss=loss,
        batch_seconds=min(times[1:]),
        cache_bytes=cache,
        memory_bytes=step_bytes(network, batch) + weights + cache,
        disk_bytes=model + 2 * (weights - model) + 100 * total,
    )
