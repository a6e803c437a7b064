"""Parallel branches: several rows of layers read the same pictures, and what they give is put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import show
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Chosen, OneOf
from nettrain.model.layer import Build, Layer, LayerFault, Pass
from nettrain.model.layers.containers import ContainerConfig, Layers
from nettrain.model.sequential import Sequential
from nettrain.ops.add import Add
from nettrain.ops.concat import Concat


@dataclass(frozen=True)
class ParallelConfig(ContainerConfig, short="branches"):
    """Settings of ``parallel``: each branch is a list of layers, ``[]`` the pictures as they come."""

    branches: tuple[tuple[Annotated[Chosen, OneOf("layers")], ...], ...]
    merge: Literal["concat", "add"] = "concat"

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if len(self.branches) < 2:
            yield "branches", f"expected at least two branches, got {len(self.branches) or 'none'}"

    def inside(self) -> Sequence[Layers]:
        return self.branches

    def with_inside(self, change: Callable[[Layers], Layers]) -> ParallelConfig:
        return replace(self, branches=tuple(map(change, self.branches)))


class Parallel(Layer):
    """The outputs of all branches, their channels one after another, or their sum.

    Shapes   as the branches give; ``concat`` wants the same but for the channels, ``add`` the same.
    Notes    The last branch that has layers puts all together in its epilogue.
    Source   Szegedy et al., "Going Deeper with Convolutions", 2014, section 4.
    """

    has_epilogue = True

    def __init__(self, settings: ParallelConfig, shape: Shape, build: Build) -> None:
        built = [build(layers, shape) for layers in settings.branches]
        shapes = [out for _, out in built]
        for place, out in enumerate(shapes):
            if not _fits(settings.merge, out, shapes[0]):
                wanted = "the same shape" if settings.merge == "add" else "shapes that differ in channels only"
                raise LayerFault(
                    f"branches.{place}",
                    f"branch {place} gives {show(out)}, branch 0 {show(shapes[0])}; {settings.merge} takes {wanted}",
                )
        self.branches = [Sequential(layers) for layers, _ in built]
        self._host = max((i for i, branch in enumerate(self.branches) if branch.layers), default=0)
        self._merge = settings.merge

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        at, graph = self._host, x.graph
        before = [branch(x, now) for branch in self.branches[:at]]
        behind = [branch(x, now) for branch in self.branches[at + 1 :]]
        merged = [Concat(before, behind)] if self._merge == "concat" else [Add(other) for other in (*before, *behind)]
        if graph is not None:
            graph.layer = self.name  # a host without layers names none
        return self.branches[at](x, now, [*merged, *after])


def _fits(merge: str, one: Shape, other: Shape) -> bool:
    return one == other if merge == "add" else one[:-1] == other[:-1]
