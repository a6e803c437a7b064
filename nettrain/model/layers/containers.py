"""What containers, the layers that are built from layers of their own, have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from nettrain.config.fields import Chosen, Record

Layers = tuple[Chosen, ...]


@dataclass(frozen=True)
class ContainerConfig(Record):
    """Settings that hold lists of layers."""

    def inside(self) -> Sequence[Layers]:
        """Its lists of layers."""
        raise NotImplementedError(f"{type(self).__name__} does not say which layers it holds")

    def with_inside(self, change: Callable[[Layers], Layers]) -> Self:
        """The same with each list of layers changed."""
        raise NotImplementedError(f"{type(self).__name__} does not say which layers it holds")


def stride_of(layers: Sequence[Chosen]) -> tuple[int, int, int]:
    """By how much layers in a row thin out frames, rows and columns: the product of their strides."""
    frames = rows = columns = 1
    for chosen in layers:
        if isinstance(chosen.settings, ContainerConfig):
            t, a, b = stride_of(next(filter(None, chosen.settings.inside()), ()))
        else:
            stride = chosen.settings.window.stride if hasattr(chosen.settings, "window") else (1, 1)
            t, a, b = (1, *stride) if len(stride) == 2 else stride
        frames, rows, columns = frames * t, rows * a, columns * b
    return frames, rows, columns
