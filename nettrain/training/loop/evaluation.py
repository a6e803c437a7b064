"""The network on pictures it does not learn from: outputs, probabilities, and losses without smoothing or weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from nettrain.autograd.tensor import Array, Tensor
from nettrain.config.fields import Chosen
from nettrain.data.batches import Batch
from nettrain.data.views import Views
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.ops.loss_table import LOSSES
from nettrain.training.loop.objective import judging_loss

INFERENCE = Pass(training=False)
INFERENCE_BATCH = 64  # pictures decoded and held together; results do not depend on it
FEWEST_CLIPS = 8  # that are held together, so that there is work for several threads


def inference_batch(frames: int | None) -> int:
    """How many pictures, or clips of so many frames, are decoded and held together."""
    return INFERENCE_BATCH if frames is None else max(FEWEST_CLIPS, INFERENCE_BATCH // frames)


def outputs_of(network: Network, images: Array) -> Array:
    """The network's outputs (N,classes); the bits of a row do not depend on the others."""
    return network(Tensor(images), INFERENCE).array


@dataclass(frozen=True)
class Judged:
    """A split seen by the network: labels (N), probabilities (N,K) and losses (N) in nats per image."""

    labels: Array
    probabilities: Array
    losses: Array


def probabilities_over(views: Views, network: Network, loss: Chosen, images: Array) -> Array:
    """The mean of the probabilities over the views of each picture, float64 (N,classes).

    Notes    Added up in the order of the views, a row by itself: its bits do not depend on the others.
    """
    of = LOSSES[loss.kind].probabilities
    found = [of(outputs_of(network, view).astype(np.float64)) for view in views.of(images)]
    mean: Array = sum(found[1:], found[0]) / views.count
    return mean


def judge(network: Network, loss: Chosen, batches: Iterable[Batch], views: Views | None = None) -> Judged:
    """Run the network over labelled batches, once, in order, or over so many ``views`` of each picture.

    Notes    The loss is then that of the mean probabilities.
    """
    row, of = LOSSES[loss.kind], judging_loss(loss)

    def rows() -> Iterator[tuple[Array, Array, Array]]:
        for batch in batches:
            if views is None:
                outputs = outputs_of(network, batch.images)
                probabilities = row.probabilities(outputs)
            else:
                probabilities = probabilities_over(views, network, loss, batch.images)
                outputs = row.outputs(probabilities)
            losses = of(Tensor(outputs), batch.labels).array
            yield batch.labels, probabilities.astype(np.float32, copy=False), losses.astype(np.float32, copy=False)

    labels, probabilities, losses = zip(*rows(), strict=True)
    return Judged(np.concatenate(labels), np.concatenate(probabilities), np.concatenate(losses))
