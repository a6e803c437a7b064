"""The network with averaged weights in the place of its own, and the statistics of batch norm that belong to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import numpy as np

from nettrain.autograd.tensor import Array, Graph
from nettrain.errors import SMALLER_RATE, Diverged
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.training.prepare import Prepared


@contextmanager
def worn(network: Network, values: Mapping[str, Array]) -> Iterator[None]:
    """Inside, the network has these parameters and buffers in the place of its own; nothing is copied."""
    named = {**network.parameters, **network.buffers}
    own = {name: named[name].array for name in values}
    for name, value in values.items():
        named[name].value = value
    try:
        yield
    finally:
        for name, value in own.items():
            named[name].value = value


@contextmanager
def with_statistics(prepared: Prepared, weights: Mapping[str, Array], epoch: int) -> Iterator[None]:
    """Inside, the network has these weights, and the statistics of batch norm that belong to them.

    The training pictures go through it once more, not augmented, in batches of the training's size; each batch counts
    by its pictures.

    Errors   ``Diverged`` if a statistic is not finite; ``Interrupted`` between two pieces.
    Notes    The pictures are drawn as for an epoch: in the order of the files a batch would hold one class, and the
             variance between classes would be in none of them. Dropout is as in training, because that is what the
             running statistics of a training see.
    Source   Izmailov et al. 2018, section 3.2.
    """
    network, config = prepared.network, prepared.config
    buffers = {name: np.zeros_like(buffer.array) for name, buffer in network.buffers.items()}
    with worn(network, {**weights, **buffers}):
        pictures = 0
        batches = prepared.batches(augment=())
        with closing(batches.training(epoch)) as stream:
            for batch in stream if buffers else ():
                graph = Graph()
                network(graph.input(batch.images), Pass(True, config.seed, epoch, 0, batch.start))
                pictures += len(batch.labels)
                for proposal in graph.proposals:
                    if not proposal.finite():
                        what = "the recomputed statistics of batch norm are not finite"
                        raise Diverged(f"diverged at the end of epoch {epoch}: {what}", cure=SMALLER_RATE)
                    proposal.by(len(batch.labels) / pictures).apply()
        yield
