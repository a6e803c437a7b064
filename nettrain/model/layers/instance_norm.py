"""Instance normalisation as a layer, or as the norm of a conv layer."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.model.layer import Pass
from nettrain.model.layers.affine_norm import AffineNorm, AffineNormConfig
from nettrain.ops.group_norm import InstanceNorm


@dataclass(frozen=True)
class InstanceNormConfig(AffineNormConfig):
    """Settings of ``instance_norm``."""


class InstanceNormLayer(AffineNorm):
    """Each picture's channels to mean 0 and variance 1, then scaled, shifted.  Shapes: (N, H, W, C) -> the same."""

    takes = "(H,W,C) or (T,H,W,C)"

    def part(self, now: Pass) -> InstanceNorm:
        return InstanceNorm(self.weight, self.bias, epsilon=self.settings.epsilon)
