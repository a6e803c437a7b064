"""A rehearsal: everything that a training does, on one batch, with nothing written; and what the whole would cost."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettrain.arrays.threads import get_threads
from nettrain.config.document import Document
from nettrain.data.batches import Batches
from nettrain.data.cache import Bad, decode
from nettrain.data.cache_folder import cache_folder, check_writable, refuse_inside
from nettrain.data.cache_room import check_room, picture_bytes
from nettrain.data.config import DataConfig
from nettrain.data.disk import entry_path
from nettrain.data.normalize import resolve
from nettrain.data.order import steps_per_epoch
from nettrain.data.roots import named_folders
from nettrain.data.sampling import sampling_note
from nettrain.data.split import Split, Splits
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.optim.table import make
from nettrain.training.config import Config
from nettrain.training.judging.gate_check import check_gate
from nettrain.training.loop.class_weights import check_class_weights, class_weights, weights_note
from nettrain.training.loop.objective import training_loss
from nettrain.training.loop.step import Stepper
from nettrain.training.memory import FLOAT_BYTES, check_memory, tightness, training_bytes
from nettrain.training.origin import read_origin
from nettrain.training.pictures import find_manifest, list_splits
from nettrain.training.prepare import (
    batch_notes,
    check_metrics,
    check_monitor,
    check_schedule,
    check_shapes,
)

SMALL_LR = 1e-6  # so that what a step does to the weights does not matter
REPEATS = 3  # steps that are timed, after one to warm up; the fastest counts
EVENT_BYTES = 110  # of a step's line in events.jsonl
FILE_BYTES = 60  # of a picture's line in split.csv


@dataclass(frozen=True)
class Outlook:
    """What a training would be, before any picture is read.

    Units    bytes. ``cache_bytes`` are of decoded pictures, in memory, or in ``cache_folder`` if there is one.
    """

    document: Document[Config]
    network: Network
    splits: Splits
    cache_bytes: int
    cache_folder: str | None
    memory_bytes: int
    disk_bytes: int

    @property
    def config(self) -> Config:
        return self.document.config

    @property
    def pictures(self) -> int:
        return len(self.splits.train.files)

    @property
    def batch(self) -> int:
        return min(self.config.train.batch_size, self.pictures)

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return steps_per_epoch(self.pictures, self.config.train.step_pictures)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: of the folders, and of the batch."""
        weights = weights_note(self.class_weights, self.splits.classes)
        drawn = sampling_note(self.config.train.sampling, self.splits.train.labels, self.splits.classes)
        return (*self.splits.notes, *batch_notes(self.config, self.pictures), *drawn, *weights)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may go wrong: the memory that is free now may be too little."""
        tight = tightness(self.memory_bytes)
        return () if tight is None else (tight,)

    @property
    def class_weights(self) -> tuple[float, ...] | None:
        """How much each class counts in training; None if they all count the same."""
        return class_weights(self.config.loss, self.splits.train.labels, self.splits.classes)


@dataclass(frozen=True)
class OneBatch:
    """What one batch showed: its first loss, as it is optimised, and pictures a second of whole steps.

    ``skipped`` are the bad pictures that a training would leave out, each after its split.
    """

    loss: float
    images_per_second: float
    skipped: tuple[tuple[Split, Bad], ...]


def outlook(document: Document[Config]) -> Outlook:
    """Everything that can be said without reading a picture.

    Errors   those of ``prepare`` up to there.
    """
    config = document.config
    check_shapes(document)
    find_manifest(document)
    splits = list_splits(document)
    network = check_shapes(document, len(splits.classes))
    check_class_weights(document, splits.classes)
    check_monitor(document, splits)
    check_metrics(document, splits)
    check_gate(document, splits)
    train = len(splits.train.files)
    check_schedule(document, train)
    memory = check_memory(document, network, splits)
    read_origin(document, network, splits.classes)
    decoded = [split for split in (splits.train, splits.val) if split is not None]
    on_disk, folder = _on_disk(decoded, config.data) if config.data.cache == "disk" else (0, None)
    weights = training_bytes(config, network)
    model = FLOAT_BYTES * network.parameter_count
    lines = sum(len(split.files) for split in splits.all())
    steps = (config.train.epochs + config.train.trial_epochs) * steps_per_epoch(train, config.train.step_pictures)
    return Outlook(
        document=document,
        network=network,
        splits=splits,
        cache_bytes=memory.cache + on_disk,
        cache_folder=folder,
        memory_bytes=memory.peak,
        disk_bytes=model + 2 * (weights - model) + FILE_BYTES * lines + EVENT_BYTES * steps,
    )


def _on_disk(splits: Sequence[Split], data: DataConfig) -> tuple[int, str]:
    """Bytes of decoded pictures on the disk, and their folder.

    Errors   EnvironmentFault where there is no room for them, or no folder that can be used.
    """
    folder = cache_folder()
    holding = (place for split in splits for place in split.reader.holding(split.files))
    refuse_inside(folder, [*named_folders(data), *holding])
    pixels = sum(picture_bytes(len(split.files), data.image_of(split.name)) for split in splits)
    if not all(os.path.exists(entry_path(split.reader, data.image_of(split.name))) for split in splits):
        check_writable(folder)
        check_room(folder, sum(len(split.files) for split in splits), pixels)
    return pixels, folder


def one_batch(plan: Outlook) -> OneBatch:
    """A few whole steps on one batch, with weights that are thrown away.

    Errors   ``DataError`` if a picture of the batch is bad, or of as many to validate and test on; only those are
             decoded, or all where bad ones are skipped: then also if a class has none left, and ``ConfigError`` if the
             warm-up is longer than what is left. ``Diverged`` if the first steps do.
    """
    config, network, train = plan.config, plan.network, plan.splits.train
    data, on_bad = config.data, config.data.on_bad_image
    skipped: list[tuple[Split, Bad]] = []
    for split in plan.splits.all() if on_bad == "skip" else ():  # which are left is known only when all were tried
        tried = decode(split, data.image_of(split.name), on_bad, "none", get_threads())
        skipped += [(split, bad) for bad in tried.bad]
        if split is plan.splits.train:
            train = tried.split
            check_schedule(plan.document, len(train.files))
    size = min(plan.batch, len(train.files))
    pictures = decode(_spread(train, size), data.image_of(train.name), on_bad, "ram", get_threads())
    for split in plan.splits.all()[1:] if on_bad == "error" else ():
        decode(_spread(split, plan.batch), data.image_of(split.name), on_bad, "none", get_threads())
    normalization = resolve(config.data.normalize, pictures)
    weights = network.materialise(config.seed)
    optimizer = make(config.optimizer, weights)
    stepper = Stepper(network, optimizer, training_loss(config.loss, plan.class_weights))
    batches = Batches(
        *(pictures, size, config.seed, normalization, config.data.augment),
        size=config.data.image.size,
        sampling=config.train.sampling,
    )
    times, losses = [], []
    for step in range(1 + REPEATS):
        begun = time.perf_counter()
        (batch,) = batches.training(step)
        losses.append(stepper.step([batch], size, Pass(True, config.seed, step, step), SMALL_LR).loss)
        times.append(time.perf_counter() - begun)
    return OneBatch(losses[0], size / min(times[1:]), tuple(skipped))


def _spread(split: Split, count: int) -> Split:
    """So many pictures of a split, or all that there are, spread over its classes."""
    most = len(split.files)
    return split.only(np.linspace(0, most - 1, min(count, most)).astype(np.int64))
