"""Group normalisation as a layer, or as the norm of a conv or dense layer."""

from __future__ import annotations

from dataclasses import dataclass

from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Count
from nettrain.model.layer import LayerFault, Pass
from nettrain.model.layers.affine_norm import AffineNorm, AffineNormConfig
from nettrain.ops.group_norm import GroupNorm, groups_misfit


@dataclass(frozen=True)
class GroupNormConfig(AffineNormConfig, short="groups", aliases={"num_groups": "groups"}):
    """Settings of ``group_norm``; ``groups`` must divide the channels, and 1 takes in the whole picture."""

    groups: Count = 32


class GroupNormLayer(AffineNorm):
    """Each picture's groups of channels to mean 0 and variance 1, then scaled, shifted.  Shapes: any -> the same."""

    def __init__(self, settings: GroupNormConfig, shape: Shape) -> None:
        super().__init__(settings, shape)
        channels = shape[-1]
        if isinstance(channels, int) and (misfit := groups_misfit(channels, settings.groups)):
            raise LayerFault("groups", misfit)
        self.groups = settings.groups

    def part(self, now: Pass) -> GroupNorm:
        return GroupNorm(self.weight, self.bias, groups=self.groups, epsilon=self.settings.epsilon)
