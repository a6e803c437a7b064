"""An activation as a part of an epilogue: the very function of its op, on one piece at a time.

One that takes ``out`` keeps its result and nothing else; any other its input and as much again, but never its result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nettrain.autograd.epilogue import Part
from nettrain.autograd.op import Op
from nettrain.autograd.tensor import Array


class Pointwise(Part):
    """Applies an op of one input to each pixel, with its settings."""

    def __init__(self, activation: Op, settings: Mapping[str, Any]) -> None:
        self.name = activation.name
        self.rises = activation.rises
        self.keeps_output = activation.takes_out
        self.keeps_input = not activation.takes_out
        self.keeps = 0.0 if activation.takes_out else 2.0
        self._activation, self._settings = activation, settings

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self._recorded = recorded
        self._backs: list[Callable[..., Array] | None] = [None] * pieces

    def apply(self, index: int, span: slice, piece: Array, out: Array) -> Array:
        y, back = self._run(piece, out)
        if self._recorded:
            self._backs[index] = back
        return y

    def back(self, index: int, span: slice, g: Array, out: Array) -> Array:
        back = self._backs[index]
        if back is None:
            raise TypeError(f"{self.name}: nothing was recorded to walk back through")
        return back(g, out) if self._activation.takes_out else back(g)

    def _run(self, piece: Array, out: Array) -> tuple[Array, Callable[..., Array]]:
        if self._activation.takes_out:
            y, (back,) = self._activation.function(piece, out=out, **self._settings)
        else:
            y, (back,) = self._activation.function(piece, **self._settings)
        return y, back
