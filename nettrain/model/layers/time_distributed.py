"""The container that runs layers for still pictures on every frame of a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import show
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Chosen, OneOf
from nettrain.model.layer import Build, Pass
from nettrain.model.layers.containers import ContainerConfig, Layers
from nettrain.model.sequential import Sequential
from nettrain.ops.frames import frames_apart, frames_together
from nettrain.ops.through import through


@dataclass(frozen=True)
class TimeDistributedConfig(ContainerConfig, short="layers"):
    """Settings of ``time_distributed``: a list of layers, for which each frame is a picture of its own."""

    layers: tuple[Annotated[Chosen, OneOf("layers")], ...]

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if not self.layers:
            yield "layers", "expected at least one layer, got none"

    def inside(self) -> Sequence[Layers]:
        return (self.layers,)

    def with_inside(self, change: Callable[[Layers], Layers]) -> TimeDistributedConfig:
        return replace(self, layers=change(self.layers))


class TimeDistributed(Sequential):
    """The same layers on every frame, with the same weights.

    Shapes   (N, T, H, W, C) or (N, T, C) -> (N, T, ...), as the layers inside make of (N*T, H, W, C) or (N*T, C).
    Notes    Batch norm takes its statistics over all frames of a batch. What is random draws for each frame by its own
             position, so that it hangs on no batch.
    """

    def __init__(self, settings: TimeDistributedConfig, shape: Shape, build: Build) -> None:
        if len(shape) not in (2, 4):
            cure = "set data.image.frames to train on clips" if len(shape) == 3 else "there are no frames any more"
            raise ValueError(f"time_distributed takes (T,H,W,C) or (T,C), but {show(shape)} arrives; {cure}")
        layers, _ = build(settings.layers, shape[1:])
        super().__init__(layers)
        self._frames = int(shape[0])

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        frames = super().__call__(frames_apart(x), replace(now, start=now.start * self._frames))
        if frames.graph is not None:
            frames.graph.layer = self.name
        clips = frames_together(frames, frames=self._frames)
        return through(clips, epilogue=after) if after else clips
