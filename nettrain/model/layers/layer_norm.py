"""Layer normalisation as a layer, or as the norm of a conv or dense layer."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.model.layer import Pass
from nettrain.model.layers.affine_norm import AffineNorm, AffineNormConfig
from nettrain.ops.layer_norm import LayerNorm


@dataclass(frozen=True)
class LayerNormConfig(AffineNormConfig):
    """Settings of ``layer_norm``."""


class LayerNormLayer(AffineNorm):
    """The channels of each pixel, or row, to mean 0 and variance 1, then scaled, shifted.  Shapes: any -> the same."""

    def part(self, now: Pass) -> LayerNorm:
        return LayerNorm(self.weight, self.bias, epsilon=self.settings.epsilon)
