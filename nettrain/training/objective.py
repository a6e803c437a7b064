"""What a training makes smaller: the loss of a config, smoothing included."""

from __future__ import annotations

from dataclasses import asdict

from nettrain.config.fields import Chosen
from nettrain.ops.loss_table import LOSSES
from nettrain.training.step import Loss


def training_loss(chosen: Chosen) -> Loss:
    """The loss of a config as it is optimised, smoothing included."""
    settings, op = asdict(chosen.settings), LOSSES[chosen.kind][1]
    return lambda outputs, labels: op(outputs, labels=labels, **settings)
