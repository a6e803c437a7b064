"""The losses that a config may name: settings, the op, and how its outputs become probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from nettrain.autograd.op import Op
from nettrain.autograd.tensor import Array
from nettrain.config.fields import Fraction, Positive, Rate, Record
from nettrain.ops.binary_cross_entropy import binary_cross_entropy
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.focal import focal
from nettrain.ops.mse import mse
from nettrain.ops.softmax import softmax

Weights = Literal["balanced"] | Mapping[str, Positive]


@dataclass(frozen=True)
class Weighted(Record, aliases={"class_weight": "class_weights", "weight": "class_weights"}):
    """Settings of every loss: ``class_weights`` is how much a picture counts by its class, in training only.

    ``balanced`` or a weight for each class by name.
    """

    class_weights: Weights | None = None


@dataclass(frozen=True)
class CrossEntropyConfig(Weighted, aliases={"smoothing": "label_smoothing"}):
    """Settings of ``cross_entropy``; ``label_smoothing`` is used in training only, never in val_loss."""

    label_smoothing: Fraction = 0.0


@dataclass(frozen=True)
class FocalConfig(Weighted):
    """Settings of ``focal``: the power of what is missing from the label's probability, and a factor for all."""

    gamma: Rate = 2.0
    alpha: Positive | None = None


@dataclass(frozen=True)
class BinaryCrossEntropyConfig(Weighted, aliases={"pos_weight": "class_weights"}):
    """Settings of ``binary_cross_entropy``, where a class's weight counts for the pictures that have it."""


@dataclass(frozen=True)
class MseConfig(Weighted):
    """Settings of ``mse``."""


TRAINING_ONLY = frozenset({"class_weights", "label_smoothing"})  # settings that val_loss and evaluate leave out


def softmax_of(outputs: Array) -> Array:
    """Probabilities from logits.  Shapes: (N,K) -> (N,K)."""
    probabilities: Array = softmax.function(outputs)[0]
    return probabilities


def sigmoid_of(outputs: Array) -> Array:
    """The probability of each class by itself, from logits: a row need not add up to 1.  Shapes: (N,K) -> (N,K)."""
    small = np.exp(-np.abs(outputs))  # never overflows
    probabilities: Array = np.where(outputs >= 0, 1, small) / (1 + small)
    return probabilities.astype(outputs.dtype, copy=False)


def shares_of(outputs: Array) -> Array:
    """Shares from outputs that were trained towards one-hot labels: cut off below 0, divided by their sum.

    Shapes   (N,K) -> (N,K).
    Notes    In a row without any positive output they are counted from its least; if all are equal, so are the shares.
             The largest output always has the largest share.
    """
    lowest = outputs.min(axis=1, keepdims=True)
    shares = np.where(outputs.max(axis=1, keepdims=True) > 0, np.maximum(outputs, 0), outputs - lowest)
    shares[shares.max(axis=1) == 0] = 1
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def logits_of(probabilities: Array) -> Array:
    """Logits whose softmax they are.  Shapes: (N,K) -> (N,K).

    Notes    None counts as less than the smallest number there is: no logit is infinite.
    """
    logits: Array = np.log(np.maximum(probabilities, np.finfo(probabilities.dtype).tiny))
    return logits


def log_odds_of(probabilities: Array) -> Array:
    """Logits whose sigmoid they are, of each class by itself.  Shapes: (N,K) -> (N,K)."""
    return logits_of(probabilities) - logits_of(1 - probabilities)


class LossRow(NamedTuple):
    """A loss: its settings, the op, how outputs become probabilities, and outputs that would become such.

    ``several`` says that a picture may have any number of labels; then a row of probabilities need not add up to 1.
    ``shares`` says that it takes labels as shares of classes (N,K), such as those of mixed pictures.
    """

    settings: type[Weighted]
    op: Op
    probabilities: Callable[[Array], Array]
    outputs: Callable[[Array], Array]
    several: bool = False
    shares: bool = True


LOSSES: dict[str, LossRow] = {
    "cross_entropy": LossRow(CrossEntropyConfig, cross_entropy, softmax_of, logits_of),
    "focal": LossRow(FocalConfig, focal, softmax_of, logits_of),
    "binary_cross_entropy": LossRow(
        BinaryCrossEntropyConfig, binary_cross_entropy, sigmoid_of, log_odds_of, several=True
    ),
    "mse": LossRow(MseConfig, mse, shares_of, np.copy, shares=False),
}
LOSS_ALIASES = {
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "focal_loss": "focal",
    "categorical_focal_crossentropy": "focal",
    "binary_crossentropy": "binary_cross_entropy",
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy",
    "mean_squared_error": "mse",
}
INSIDE: dict[str, tuple[str, ...]] = {  # activations that would be applied twice
    "cross_entropy": ("softmax",),
    "focal": ("softmax",),
    "binary_cross_entropy": ("sigmoid",),
}
