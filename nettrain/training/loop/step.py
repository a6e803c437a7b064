"""One training step: forward, back, and a commit that happens wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettrain.arrays.flat import Flat
from nettrain.autograd.backward import Gradients, backward
from nettrain.autograd.clock import UNTIMED, Clock
from nettrain.autograd.op import NonFinite
from nettrain.autograd.tensor import Array, Graph, Proposal, Tensor
from nettrain.data.batches import Batch
from nettrain.data.labels import count_right
from nettrain.errors import SMALLER_RATE, Diverged
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.ops.mean import mean
from nettrain.optim.optimizer import Optimizer

Loss = Callable[[Tensor, Array], Tensor]  # outputs (N,K), labels (N) or shares of them (N,K) -> one loss a picture (N)
Follow = Callable[[int], None]  # may neither fail nor be interrupted: it is part of the commit


def nobody(step: int) -> None:
    """Nothing moves with the weights."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step found before it committed: the loss in nats per image, and how many pictures were right.

    A mixed picture is right where the network says what it mostly is.
    """

    loss: float
    correct: int


class Stepper:
    """Makes steps with one network and one optimizer, in memory that is set up once; ``clock`` is told how they go."""

    def __init__(
        self, network: Network, optimizer: Optimizer, loss: Loss, clock: Clock = UNTIMED, follow: Follow = nobody
    ) -> None:
        """``follow`` is called in each commit with the number of steps before: an average that moves with it."""
        self.network, self.optimizer, self.loss, self.clock, self.follow = network, optimizer, loss, clock, follow
        shapes = {name: tuple(int(dim) for dim in p.shape) for name, p in network.parameters.items()}
        self._gradients = Flat(shapes, next(iter(network.parameters.values())).array.dtype)

    def __call__(self, images: Array, labels: Array, now: Pass, lr: float) -> Outcome:
        """One step on one batch. Errors: those of ``step``."""
        return self.step([Batch(now.start, images, labels)], len(labels), now, lr)

    def step(self, batches: Iterable[Batch], pictures: int, now: Pass, lr: float) -> Outcome:
        """One step on all of these batches, which hold so many pictures: the mean over all of them is optimised.

        Errors   ``Diverged`` names the step and the tensor if loss or gradients are not finite; nothing has changed
                 then. ``Interrupted`` between two pieces; nothing has changed then either.
        Notes    Each batch is done with before the next one is asked for, so memory is that of one. Statistics of
                 batch norm are those of each batch, and the running ones take them in one after the other.
        """
        self.clock.begin_step()
        loss, correct = 0.0, 0
        proposals: list[Proposal] = []
        for number, batch in enumerate(batches):
            self.clock.lap("data")
            share = len(batch.labels) / pictures
            found, proposed = self._add(batch, replace(now, start=batch.start), share, number > 0)
            loss += share * found.loss
            correct += found.correct
            proposals += proposed
        commit(self._gradients, proposals, self.optimizer, lr)
        self.follow(now.step)
        self.clock.lap("update")
        self.clock.end_step(pictures)
        return Outcome(loss, correct)

    def _add(self, batch: Batch, now: Pass, share: float, onto: bool) -> tuple[Outcome, Sequence[Proposal]]:
        """A batch forward and back; its share of the gradients in the place of those there, or added onto them."""
        graph = Graph(clock=self.clock)
        outputs = self.network(graph.input(batch.images), now)
        loss = mean(self.loss(outputs, batch.targets))
        outcome = Outcome(float(loss.array), count_right(outputs.array, batch.labels))
        del outputs
        proposals = graph.proposals
        gradients = backward(loss, {} if onto else self._gradients.views)
        self.clock.lap("other")
        gather(gradients, self._gradients, share, onto)
        del gradients
        finite = np.isfinite(outcome.loss) and all(proposal.finite() for proposal in proposals)
        if not (finite and np.isfinite(self._gradients.array).all()):
            bad = self._first_bad(batch, now)
            raise Diverged(f"diverged at step {now.step + 1} of epoch {now.epoch + 1}: {bad}", cure=SMALLER_RATE)
        self.clock.lap("gather")
        return outcome, proposals

    def _first_bad(self, batch: Batch, now: Pass) -> str:
        """The step once more, looking at every tensor: a step is a pure function, so it fails at the same place."""
        graph = Graph(checked=True)
        try:
            backward(mean(self.loss(self.network(graph.input(batch.images), now), batch.targets)))
        except NonFinite as error:
            return str(error)
        return "a running statistic of batch norm is not finite"


def gather(gradients: Gradients, into: Flat, share: float = 1.0, onto: bool = False) -> None:
    """The seam between the walk back and the optimizer: a share of every gradient into its place in flat memory.

    Notes   ``onto`` adds to what is there, of the batches before. A parameter that the loss does not depend on has
            the gradient 0. A gradient that was written where it belongs is left there.
    """
    by_name = {leaf.name: gradient for leaf, gradient in gradients.items()}
    for name, view in into.views.items():
        gradient = by_name.get(name)
        if gradient is None:
            view *= onto
        elif onto:
            view += gradient * view.dtype.type(share)
        elif gradient is not view or share != 1.0:
            np.multiply(gradient, share, out=view)


def commit(gradients: Flat, proposals: Sequence[Proposal], optimizer: Optimizer, lr: float) -> None:
    """Update weights, then buffers, in order. Everything has been checked; nothing here can fail or be interrupted."""
    optimizer.step(gradients, lr)
    for proposal in proposals:
        proposal.apply()
