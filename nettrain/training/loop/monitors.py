"""What may decide which epoch is the best, which way is better, and what is measured at each epoch's end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nettrain.config.fields import Chosen
from nettrain.config.forms import Choice
from nettrain.training.metrics.table import METRICS

ALWAYS = frozenset({"accuracy", "subset_accuracy"})  # one of them is measured in every training
UNDEFINED = 0.0  # what such a number counts as where the best epoch is chosen: only shares can be, more being better
_TRAIN = ("val_accuracy", "val_loss", "train_accuracy", "train_loss", "train_subset_accuracy")
MONITORS = Choice((*_TRAIN, *(f"val_{name}" for name in METRICS if name != "accuracy")))


def best_mode(monitor: str) -> Literal["max", "min"]:
    """Whether more or less of it is better."""
    metric = METRICS.get(monitor.partition("_")[2])
    return "min" if metric is None else metric.better


def accuracy_of(several: bool) -> Literal["accuracy", "subset_accuracy"]:
    """What the share of pictures that are right is called, where a picture has one label or several."""
    return "subset_accuracy" if several else "accuracy"


def measured(metrics: Sequence[Chosen], *monitors: str | None) -> tuple[str, ...]:
    """The metrics of validation beside the accuracy: those that are named, and those that are only monitored."""
    names = [chosen.kind for chosen in metrics]
    for monitor in monitors:
        watched = (monitor or "").removeprefix("val_")
        if monitor is not None and monitor.startswith("val_") and watched in METRICS:
            names.append(watched)
    return tuple(name for name in dict.fromkeys(names) if name not in ALWAYS)
