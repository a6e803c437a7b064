"""What every optimizer shares: the walk over flat memory, weight decay, the count of steps, state by parameter name.

A kind says only its rule, on one *chunk* of weights at a time. Chunks are cut by shape alone and each writes only its
own memory, so the bits are the same for any number of threads. All memory is set up beforehand: a step allocates no
arrays and cannot be interrupted, because it is part of a commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.flat import Flat
from nettrain.arrays.pieces import Lanes
from nettrain.arrays.threads import parallel
from nettrain.optim.clip import Clip
from nettrain.optim.groups import Treatment, treatments
from nettrain.optim.settings import OptimizerConfig

Array = npt.NDArray[Any]

CHUNK = 1 << 15  # weights; gradient, weights, slots and scratch of one chunk stay in the second-level cache


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of weights that is updated in one go, with its part of every slot; ``scratch`` is free to be written.

    ``parameter`` is whose weights they are, or the first of several; ``lane`` is who has the scratch; the learning
    rate of these weights is ``lr_factor`` times the step's.
    """

    span: slice
    parameter: str
    lane: int
    weights: Array
    slots: Mapping[str, Array]
    scratch: Array
    lr_factor: float
    weight_decay: float


class Optimizer:
    """Base of every optimizer; a kind sets the class attributes and ``update``.

    ``slots`` are the names of what it remembers of each weight. ``decay`` says what weight decay d means: ``coupled``
    adds d w to the gradient, ``decoupled`` takes lr d w from the weight, ``own`` leaves it to the rule. ``unit`` says
    what a chunk may be: ``run``, of any weights that are treated alike; ``piece``, of one parameter; ``parameter``,
    one whole.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    decay: Literal["coupled", "decoupled", "own"] = "coupled"
    unit: ClassVar[Literal["run", "piece", "parameter"]] = "run"

    settings: OptimizerConfig

    def __init__(self, settings: OptimizerConfig, weights: Flat, names: Collection[str] | None = None) -> None:
        """Memory to move these weights, or those of ``names`` only."""
        self.settings, self.weights = settings, weights
        self.steps = 0  # committed
        dtype = weights.array.dtype
        shapes = {name: view.shape for name, view in weights.views.items() if names is None or name in names}
        self._slots = {slot: Flat(shapes, dtype) for slot in self.slots_of(settings)}
        self._clip = Clip(settings, weights.array.size)
        of_each = treatments(weights.views, settings)
        cuts = list(_cuts(weights.spans, {name: of_each[name] for name in shapes}, self.unit))
        longest = max((cut.span.stop - cut.span.start for cut in cuts), default=0)
        self._lanes = Lanes.of(len(cuts), longest * dtype.itemsize)
        scratch = np.empty((self._lanes.count, longest), dtype)  # of each lane, which goes through its chunks in turn
        lanes = [lane for lane in range(self._lanes.count) for _ in self._lanes.pieces_of(lane)]
        self._chunks = [
            Chunk(
                cut.span,
                cut.parameter,
                lane,
                weights.array[cut.span],
                {slot: flat.array[cut.slot_span] for slot, flat in self._slots.items()},
                scratch[lane, : cut.span.stop - cut.span.start],
                cut.treatment.lr_factor,
                cut.treatment.weight_decay,
            )
            for lane, cut in zip(lanes, cuts, strict=True)
        ]
        self.nanoseconds = float(sum(len(chunk.weights) for chunk in self._chunks))  # about, of a step on one thread

    @classmethod
    def slots_of(cls, settings: Any) -> tuple[str, ...]:
        """The slots that these settings need: all of ``slots``, unless a kind knows better."""
        return cls.slots

    def update(self, chunk: Chunk, g: Array, lr: float) -> None:
        """Change ``chunk.weights`` and slots in place; ``g`` may be overwritten. The step's number is ``steps + 1``."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it moves the weights")

    def step(self, gradients: Flat, lr: float) -> None:
        """Move every weight once; the gradients, laid out as the weights are, may be overwritten."""
        self._clip(gradients.array)
        self.move(gradients.array, float(lr))
        self.steps += 1

    def move(self, gradients: Array, lr: float) -> None:
        """The step itself, on flat gradients that are clipped."""
        self.each_chunk(lambda chunk: self._move(chunk, gradients[chunk.span], lr * chunk.lr_factor))

    def each_chunk(self, do: Callable[[Chunk], None]) -> None:
        """Call ``do`` with every chunk, on all threads; those of a lane in order."""

        def lane(number: int) -> None:
            for index in self._lanes.pieces_of(number):
                do(self._chunks[index])

        parallel(self._lanes.count, lane, interruptible=False, nanoseconds=self.nanoseconds)

    def _move(self, chunk: Chunk, g: Array, lr: float) -> None:
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


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a chunk lies among the weights, and in the slots."""

    span: slice
    slot_span: slice
    parameter: str
    treatment: Treatment


def _cuts(spans: Mapping[str, slice], treated: Mapping[str, Treatment], unit: str) -> Iterator[_Cut]:
    """The chunks, in order, of those parameters that have a treatment; slots hold them without gaps."""
    before = 0  # weights that the slots hold already
    for key, run in groupby(spans, key=lambda name: (treated.get(name), None if unit == "run" else name)):
        names, treatment = list(run), key[0]
        if treatment is None:
            continue
        start, stop = spans[names[0]].start, spans[names[-1]].stop
        size = CHUNK if unit != "parameter" else max(stop - start, 1)
        for at in range(start, stop, size):
            end = min(at + size, stop)
            yield _Cut(slice(at, end), slice(before, before + end - at), names[0], treatment)
            before += end - at
