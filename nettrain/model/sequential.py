"""Layers one after another, joined so that parts run inside the layer before them."""

from __future__ import annotations

from collections.abc import Sequence

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Tensor
from nettrain.model.layer import Layer, PartLayer, Pass
from nettrain.ops.through import through


class Sequential(Layer):
    """Layers in order.

    Where a part follows a layer nobody else reads between the two, so it joins that layer's epilogue. One that collects
    over the whole batch has to come first in its epilogue, so it starts a new one.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)
        self._groups: list[tuple[Layer, list[PartLayer]]] = []
        for layer in layers:
            if (
                self._groups
                and self._groups[-1][0].has_epilogue
                and isinstance(layer, PartLayer)
                and not layer.collects
            ):
                self._groups[-1][1].append(layer)
            else:
                self._groups.append((layer, []))

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        last = len(self._groups) - 1
        for place, (first, joined) in enumerate(self._groups):
            if x.graph is not None:
                x.graph.layer = first.name
            parts = [layer.part(now) for layer in joined]
            if place == last and first.has_epilogue:
                return first(x, now, [*parts, *after])
            x = first(x, now, parts)
        return through(x, epilogue=after) if after else x
