"""What a training makes smaller: the loss of a config, with smoothing and class weights; and what it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nettrain.autograd.op import Op
from nettrain.autograd.tensor import Array, Tensor
from nettrain.config.fields import Chosen
from nettrain.data.labels import are_shares
from nettrain.ops.loss_table import LOSSES, TRAINING_ONLY
from nettrain.ops.weighted import weighted
from nettrain.training.loop.step import Loss


def training_loss(chosen: Chosen, class_weights: Sequence[float] | None = None) -> Loss:
    """The loss of a config as it is optimised, smoothing and class weights included.

    Notes    Where labels are shares of classes, each share is multiplied by the weight of its class.
    """
    row, settings = LOSSES[chosen.kind], _settings(chosen, without={"class_weights"})
    if class_weights is None:
        return _unweighted(row.op, settings)
    weights = np.array(class_weights, np.float32)
    if row.several:  # each class is a question of its own, and has its own weight in it
        return _unweighted(row.op, {**settings, "class_weights": weights})

    def loss(outputs: Tensor, labels: Array) -> Tensor:
        if are_shares(labels):
            return row.op(outputs, labels=labels * weights, **settings)
        return weighted(row.op(outputs, labels=labels, **settings), weights=weights[labels])

    return loss


def judging_loss(chosen: Chosen) -> Loss:
    """The loss that val_loss and evaluate are means of: without what is there for training only."""
    return _unweighted(LOSSES[chosen.kind].op, _settings(chosen, without=TRAINING_ONLY))


def _unweighted(op: Op, settings: dict[str, Any]) -> Loss:
    def loss(outputs: Tensor, labels: Array) -> Tensor:
        return op(outputs, labels=labels, **settings)

    return loss


def _settings(chosen: Chosen, without: frozenset[str] | set[str]) -> dict[str, Any]:
    return {name: value for name, value in vars(chosen.settings).items() if name not in without}
