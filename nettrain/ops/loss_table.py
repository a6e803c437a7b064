"""The losses that a config may name: settings, the op, and how its outputs become probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nettrain.autograd.op import Op
from nettrain.autograd.tensor import Array
from nettrain.config.fields import Fraction, NoSettings, Record
from nettrain.ops.cross_entropy import cross_entropy
from nettrain.ops.mse import mse
from nettrain.ops.softmax import softmax


@dataclass(frozen=True)
class CrossEntropyConfig(Record, aliases={"smoothing": "label_smoothing"}):
    """Settings of ``cross_entropy``; ``label_smoothing`` is used in training only, never in val_loss."""

    label_smoothing: Fraction = 0.0


def softmax_of(outputs: Array) -> Array:
    """Probabilities from logits.  Shapes: (N,K) -> (N,K)."""
    probabilities: Array = softmax.function(outputs)[0]
    return probabilities


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


LOSSES: dict[str, tuple[type[Record], Op, Callable[[Array], Array]]] = {
    "cross_entropy": (CrossEntropyConfig, cross_entropy, softmax_of),
    "mse": (NoSettings, mse, shares_of),
}
INSIDE: dict[str, tuple[str, ...]] = {"cross_entropy": ("softmax",)}  # activations that would be applied twice
LOSS_ALIASES = {"categorical_crossentropy": "cross_entropy", "mean_squared_error": "mse"}
