"""Everything before the first step, in the order in which mistakes are cheapest to find.

Shapes with the number of classes open; the classes that the folders hold; the network bound to them; whether there is
memory for it and a batch; whether every picture is as a manifest says; every picture decoded; the statistics; and
only then memory for the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nettrain.autograd.tensor import Dim
from nettrain.config.document import Document
from nettrain.config.fields import Chosen
from nettrain.config.words import some
from nettrain.data.batches import Batches
from nettrain.data.cache import Bad, Pictures
from nettrain.data.fingerprint import data_fingerprint
from nettrain.data.normalize import Normalization, resolve
from nettrain.data.order import steps_per_epoch
from nettrain.data.sampling import sampling_note
from nettrain.data.split import Splits
from nettrain.errors import ConfigError
from nettrain.model.network import CLASSES, ModelFault, Network, build_network
from nettrain.optim.schedules.table import make
from nettrain.optim.schedules.warmup import Course
from nettrain.optim.table import pattern_faults
from nettrain.training.config import Config
from nettrain.training.judging.gate_check import check_gate
from nettrain.training.loop.averages import keeps_buffers
from nettrain.training.loop.class_weights import check_class_weights, class_weights, weights_note
from nettrain.training.loop.monitors import measured
from nettrain.training.memory import check_memory, shapes_of
from nettrain.training.metrics.measured import always_one
from nettrain.training.origin import Fitted, read_origin
from nettrain.training.pictures import (
    LookedThrough,
    Report,
    compare_with_manifest,
    decode_splits,
    find_manifest,
    list_splits,
    look_through,
)


def check_shapes(document: Document[Config], classes: Dim = CLASSES) -> Network:
    """The network of a config, described but not allocated. Errors: ``ConfigError`` at the layer's line."""
    config = document.config
    image = config.data.image
    try:
        network = build_network(config.model, image.shape, classes)
    except ModelFault as fault:
        raise document.error(fault.key, str(fault)) from None
    _check_patterns(document, network)
    return network


def _check_patterns(document: Document[Config], network: Network) -> None:
    if lost := list(pattern_faults(document.config.optimizer, shapes_of(network))):
        raise ConfigError(faults=[document.fault(f"optimizer.{key}", message) for key, message in lost])
    if keeps_buffers(document.config.train.ema) and not network.buffers:
        what = "has no effect: no layer has batch norm, so there are no statistics; leave it out"
        raise document.error("train.ema.statistics", what)


def check_monitor(document: Document[Config], splits: Splits) -> str:
    """What decides which epoch is the best.

    Errors   ``ConfigError`` if it is of validation, and there is none.
    """
    config = document.config
    lost = [(key, name) for key, name in config.monitors if name and name.startswith("val_") and splits.val is None]
    if lost:
        what = "there are no validation pictures for"
        raise ConfigError(faults=[document.fault(key, f"{what} {name}; set data.val") for key, name in lost])
    if config.checkpoint.monitor is not None:
        return config.checkpoint.monitor
    if splits.val is None:
        return "train_loss"
    return "val_loss" if config.data.several else "val_accuracy"


def check_metrics(document: Document[Config], splits: Splits) -> None:
    """Refuse metrics that nothing could be measured on, or that so many classes leave no choice.

    Errors   ``ConfigError`` at each.
    """
    metrics = document.config.metrics
    if metrics and splits.val is None:
        raise document.error("metrics", "there are no validation pictures to measure on; set data.val, or leave it out")
    named = [(f"metrics.{place}", chosen.kind) for place, chosen in enumerate(metrics)]
    named += [(key, name) for key, monitor in document.config.monitors for name in measured((), monitor)]
    wrong = [(key, name, why) for key, name in named if (why := always_one(name, len(splits.classes)))]
    if wrong:
        raise ConfigError(faults=[document.fault(key, f"{name} {why}; leave it out") for key, name, why in wrong])


def check_schedule(document: Document[Config], pictures: int) -> None:
    """Refuse a warm-up that is longer than the training on so many pictures.

    Errors   ``ConfigError``.
    """
    config = document.config
    steps = steps_per_epoch(pictures, config.train.step_pictures)
    try:
        make(config.schedule, Course(steps * config.train.epochs, steps))
    except ConfigError as error:
        raise ConfigError(faults=[document.fault(fault.key, fault.message) for fault in error.faults]) from None


def batch_notes(config: Config, pictures: int) -> tuple[str, ...]:
    """A note for the user if a batch, or the batches of a step, would hold more than there are."""
    train = config.train
    if train.batch_size > pictures:
        return (f"batch_size {train.batch_size} is more than the {some(pictures, 'picture')}; each epoch is one step",)
    if train.step_pictures > pictures:
        what = f"{train.accumulate} batches of {train.batch_size} are more than the {some(pictures, 'picture')}"
        return (f"{what}; each epoch is one step",)
    return ()


@dataclass(frozen=True)
class Prepared:
    """What a training needs beside its state: network (not allocated yet), pictures, numbers to normalise with.

    ``tested`` are the pictures to test on, looked through; None where there are none, or a run is taken up.
    """

    document: Document[Config]
    network: Network
    splits: Splits
    monitor: str
    train: Pictures
    val: Pictures | None
    normalization: Normalization
    fingerprint: str
    origin: Fitted | None = None
    tested: LookedThrough | None = None

    @property
    def config(self) -> Config:
        return self.document.config

    @property
    def classes(self) -> tuple[str, ...]:
        return self.splits.classes

    @property
    def class_weights(self) -> tuple[float, ...] | None:
        """How much each class counts in training; None if they all count the same."""
        return class_weights(self.config.loss, self.train.labels, self.classes)

    @property
    def steps_per_epoch(self) -> int:
        return steps_per_epoch(len(self.train), self.config.train.step_pictures)

    def batches(self, augment: Sequence[Chosen]) -> Batches:
        """The training pictures in batches, with these augmentations."""
        train, size, seed = self.config.train, self.config.data.image.size, self.config.seed
        return Batches(self.train, train.batch_size, seed, self.normalization, augment, size, train.sampling)

    @property
    def fingerprints(self) -> dict[str, str]:
        """That of each split alone, but for pictures to test on that were looked through when the run began."""
        found = {part.split.name: data_fingerprint([part]) for part in (self.train, self.val) if part is not None}
        return found if self.tested is None else {**found, "test": self.tested.fingerprint}

    @property
    def bad(self) -> tuple[tuple[str, Bad], ...]:
        """The pictures that were skipped, each after the name of its split; of a run taken up none to test on."""
        test = () if self.tested is None else self.tested.bad
        parts = {"train": self.train.bad, "val": () if self.val is None else self.val.bad, "test": test}
        return tuple((name, one) for name, part in parts.items() for one in part)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: of the folders, the batch, and the cache."""
        weights = weights_note(self.class_weights, self.classes)
        begun = () if self.origin is None else self.origin.notes
        drawn = sampling_note(self.config.train.sampling, self.train.labels, self.classes)
        batch = (*batch_notes(self.config, len(self.train)), *drawn, *weights)
        return (*self.splits.notes, *batch, *self.cache_notes, *begun)

    @property
    def cache_notes(self) -> tuple[str, ...]:
        """Where the decoded pictures lie on the disk, if they do."""
        return tuple(note for part in (self.train, self.val) if part is not None for note in part.notes)


def prepare(
    document: Document[Config],
    report: Report,
    keep: Callable[[Splits], Splits] | None = None,
    *,
    resumed: bool = False,
    tested: LookedThrough | None = None,
) -> Prepared:
    """Check, list, bind, decode; ``keep`` holds a run that is taken up to the pictures that it started with.

    One that is ``resumed`` has its weights, and does not look for those that it began with. Pictures to test on that
    another run has ``tested`` are not looked through again.

    Errors   ``ConfigError``, ``DataError``, ``EnvironmentFault``, each before anything dearer is begun.
    """
    config = document.config
    check_shapes(document)
    find_manifest(document)
    splits = listed = list_splits(document)
    if keep is not None:
        splits = keep(splits)
    network = check_shapes(document, len(splits.classes))
    check_class_weights(document, splits.classes)
    monitor = check_monitor(document, splits)
    check_metrics(document, splits)
    check_gate(document, splits)
    check_schedule(document, len(splits.train.files))
    check_memory(document, network, splits)
    origin = None if resumed else read_origin(document, network, splits.classes)
    compare_with_manifest(config.data, splits, listed, report)
    wanted = [split for split in (splits.train, splits.val) if split is not None]
    decoded = decode_splits(wanted, config.data, report)
    train = next(decoded)
    check_schedule(document, len(train))  # again: bad pictures that are skipped make no steps
    val = next(decoded, None)
    if splits.test is None or splits.recorded:  # else that was done when the run began
        tested = None
    elif tested is None or not tested.holds_for(splits.test):
        tested = look_through(splits.test, config.data, report)
    fingerprint = data_fingerprint([train] if val is None else [train, val])
    normalization = resolve(config.data.normalize, train)
    return Prepared(document, network, splits, monitor, train, val, normalization, fingerprint, origin, tested)
