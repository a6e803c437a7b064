"""The depthwise convolution layer: each channel with filters of its own."""

from __future__ import annotations

from dataclasses import dataclass, fields

from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Count
from nettrain.model.layers.conv2d import Conv2d, Conv2dConfig
from nettrain.model.layers.window_map import WindowMapConfig


@dataclass(frozen=True)
class DepthwiseConv2dConfig(WindowMapConfig, short="kernel_size", aliases={"depthwise_initializer": "init"}):
    """Settings of ``depthwise_conv2d``; each channel in gives ``depth_multiplier`` channels out, one after another."""

    depth_multiplier: Count = 1


class DepthwiseConv2d(Conv2d):
    """y = activation(norm(weight * x + bias)), * a convolution of each channel by itself.

    Shapes   (N, H, W, C) -> (N, P, Q, C * depth_multiplier); weight (R, S, 1, C * depth_multiplier).
    Source   Howard et al., "MobileNets", 2017, section 3.1.
    """

    def __init__(self, settings: DepthwiseConv2dConfig, shape: Shape) -> None:
        C = int(shape[2])
        shared = {field.name: getattr(settings, field.name) for field in fields(WindowMapConfig)}
        super().__init__(Conv2dConfig(filters=C * settings.depth_multiplier, groups=C, **shared), shape)
