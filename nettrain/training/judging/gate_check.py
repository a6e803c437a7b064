"""Gates looked at before anything is decoded: whether they can be judged, and met at all."""

from __future__ import annotations

import numpy as np

from nettrain.config.document import Document
from nettrain.data.classes import match
from nettrain.data.config import Fold
from nettrain.data.labels import counts
from nettrain.data.split import Split, Splits
from nettrain.errors import CheckpointError, ConfigError, DataError
from nettrain.training.config import Config
from nettrain.training.judging.gates import GateConfig
from nettrain.training.judging.statistics import wilson_interval
from nettrain.training.store import checkpoint
from nettrain.training.store.runs import find_model

OTHER = "gate.not_worse_than.run"


def gate_split(splits: Splits) -> Split | None:
    """The pictures that a run's gates are judged on: those to test on, or else those to validate on."""
    return splits.test or splits.val


def check_gate(document: Document[Config], splits: Splits) -> None:
    """Refuse gates that nothing could be judged on, or that so few pictures could never meet.

    Errors   ``ConfigError`` and ``DataError`` at the key; ``CheckpointError`` for another run's model.
    """
    gate = document.config.gate
    if gate is None:
        return
    split = gate_split(splits)
    if split is None:
        raise document.error("gate", "there are no pictures to judge on; set data.test or data.val")
    there = counts(split.labels, len(split.classes))
    if gate.worst_class_recall is not None and not there.all():
        name = split.classes[int(there.argmin())]
        message = f"there are no {split.name} pictures of {name!r}, so its recall is unknown; add some, or leave it out"
        raise document.error("gate.worst_class_recall", message)
    if gate.use == "lower":
        folded = split is splits.val and isinstance(document.config.data.val, Fold)  # then all folds may count together
        rest = counts(splits.train.labels, len(there)) if folded else 0
        every = len(split.files) + (len(splits.train.files) if folded else 0)
        _check_reach(document, gate, split, there + rest, every)
    if gate.not_worse_than is not None:
        check_other(document)
        _check_classes(document, gate.not_worse_than.run, split)


def _check_reach(document: Document[Config], gate: GateConfig, split: Split, there: np.ndarray, n: int) -> None:
    rows = (
        ("accuracy", gate.accuracy, n, ""),
        (
            "worst_class_recall",
            gate.worst_class_recall,
            int(there.min()),
            f" of {split.classes[int(there.argmin())]!r}",
        ),
    )
    for key, limit, n, of in rows:
        if limit is not None and (most := wilson_interval(n, n)[0]) < limit:
            pictures = f"with {n} {split.name} picture{'' if n == 1 else 's'}{of} the lower end is at most {most:.4f}"
            raise document.error(f"gate.{key}", f"{limit:g} cannot be met: {pictures}; expected less, or more pictures")


def check_other(document: Document[Config]) -> None:
    """Refuse a gate on another run that has no model. Errors: ``ConfigError`` at the key."""
    gate = document.config.gate
    if gate is None or gate.not_worse_than is None:
        return
    path = gate.not_worse_than.run
    try:
        find_model(path)
    except (ConfigError, CheckpointError) as error:
        raise document.error(OTHER, f"{path}: {error.faults[0].message}") from error


def _check_classes(document: Document[Config], path: str, split: Split) -> None:
    classes = checkpoint.load(find_model(path)).meta.get("classes", [])
    try:
        match([str(name) for name in classes], split, split.name)
    except DataError as error:
        raise DataError(faults=[document.fault(OTHER, f"{path}: {fault.message}") for fault in error.faults]) from error
