"""What every optimizer shares: the walk over flat memory, weight decay, the count of steps, state by parameter name.

A kind says only its rule, on one *chunk* of weights at a time. Chunks are cut by shape alone and each writes only its
own memory, so the bits are the same for any number of threads. All memory is set up beforehand: a step allocates no
arrays and cannot be interrupted, because it is part of a commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.flat import Flat
from nettrain.arrays.pieces import Lanes
from nettrain.arrays.threads import parallel
from nettrain.optim.decay import decayed
from nettrain.optim.settings import OptimizerConfig

Array = npt.NDArray[Any]

CHUNK = 1 << 15  # weights; gradient, weights, slots and scratch of one chunk stay in the second-level cache


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of weights that is updated in one go, with its part of every slot; ``scratch`` is free to be written."""

    span: slice
    weights: Array
    slots: Mapping[str, Array]
    scratch: Array
    weight_decay: float


class Optimizer:
    """Base of every optimizer; a kind sets the class attributes and ``update``.

    ``slots`` are the names of what it remembers of each weight. ``decay`` says what weight decay d means: ``coupled``
    adds d w to the gradient, ``decoupled`` takes lr d w from the weight, ``own`` leaves it to the rule. A rule that is
    not ``elementwise`` gets each parameter whole.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    decay: ClassVar[Literal["coupled", "decoupled", "own"]] = "coupled"
    elementwise: ClassVar[bool] = True

    settings: OptimizerConfig

    def __init__(self, settings: OptimizerConfig, weights: Flat) -> None:
        self.settings, self.weights = settings, weights
        self.steps = 0  # committed
        dtype = weights.array.dtype
        shapes = {name: view.shape for name, view in weights.views.items()}
        self._slots = {slot: Flat(shapes, dtype) for slot in self.slots}
        decaying = decayed(shapes, settings.no_decay)
        cuts = list(_cuts(weights.spans, decaying, CHUNK if self.elementwise else None))
        longest = max((span.stop - span.start for span, _ in cuts), default=0)
        self._lanes = Lanes.of(len(cuts), longest * dtype.itemsize)
        scratch = np.empty((self._lanes.count, longest), dtype)  # of each lane, which goes through its chunks in turn
        lanes = [lane for lane in range(self._lanes.count) for _ in self._lanes.pieces_of(lane)]
        self._chunks = [
            Chunk(
                span,
                weights.array[span],
                {slot: flat.array[span] for slot, flat in self._slots.items()},
                scratch[lane, : span.stop - span.start],
                settings.weight_decay if decay else 0.0,
            )
            for lane, (span, decay) in zip(lanes, cuts, strict=True)
        ]

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        """Change ``chunk.weights`` and slots in place; ``g`` may be overwritten. The step's number is ``steps + 1``."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it moves the weights")

    def step(self, gradients: Flat, lr: float) -> None:
        """Move every weight once; the gradients, laid out as the weights are, may be overwritten."""
        lr = float(lr)

        def lane(number: int) -> None:
            for index in self._lanes.pieces_of(number):
                self._step(self._chunks[index], gradients.array, lr)

        parallel(self._lanes.count, lane, interruptible=False, nanoseconds=self.weights.array.size)
        self.steps += 1

    def _step(self, chunk: Chunk, gradients: Array, lr: float) -> None:
        g = gradients[chunk.span]
        if chunk.weight_decay and self.decay == "coupled":
            np.multiply(chunk.weights, chunk.weight_decay, out=chunk.scratch)
            g += chunk.scratch
        elif chunk.weight_decay and self.decay == "decoupled":
            np.multiply(chunk.weights, lr * chunk.weight_decay, out=chunk.scratch)
            chunk.weights[...] -= chunk.scratch
        self.update(chunk, g, lr)

    def state(self) -> dict[str, Array]:
        """Every slot of every parameter, as ``velocity/layers.0.weight``: views, not copies."""
        return {f"{slot}/{name}": view for slot, flat in self._slots.items() for name, view in flat.views.items()}


def _cuts(spans: Mapping[str, slice], decayed: Mapping[str, bool], size: int | None) -> Iterator[tuple[slice, bool]]:
    """Runs of flat memory and whether they decay; without a size each parameter is one."""
    if size is None:
        yield from ((span, decayed[name]) for name, span in spans.items())
        return
    for decays, run in groupby(spans, key=lambda name: decayed[name]):
        names = list(run)
        start, stop = spans[names[0]].start, spans[names[-1]].stop
        yield from ((slice(at, min(at + size, stop)), decays) for at in range(start, stop, size))
