"""The depthwise separable convolution layer: space and channels one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Count
from nettrain.model.layer import Layer, Pass
from nettrain.model.layers.conv2d import Conv2d, Conv2dConfig
from nettrain.model.layers.depthwise_conv2d import DepthwiseConv2d, DepthwiseConv2dConfig
from nettrain.model.layers.window_map import WindowMapConfig


@dataclass(frozen=True)
class SeparableConv2dConfig(WindowMapConfig, aliases={"out_channels": "filters"}):
    """Settings of ``separable_conv2d``: a window a channel, then filters of one pixel over all channels.

    Notes    Bias, norm and activation come after both, as in Keras; for a norm or an activation between them, as in
             MobileNet, write ``depthwise_conv2d`` and then ``conv2d`` with ``kernel_size: 1``.
    """

    filters: Count
    depth_multiplier: Count = 1


class SeparableConv2d(Layer):
    """y = activation(norm(pointwise * (depthwise * x) + bias)), * a convolution.

    Shapes   (N, H, W, C) -> (N, P, Q, filters); the depthwise weight (R, S, 1, C * depth_multiplier), the pointwise
             (1, 1, C * depth_multiplier, filters).
    Source   Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2016, section 1.
    """

    takes = "(H,W,C)"
    has_epilogue = True

    def __init__(self, settings: SeparableConv2dConfig, shape: Shape) -> None:
        H, W, C = (int(dim) for dim in shape)
        s = settings
        self.depthwise = DepthwiseConv2d(
            DepthwiseConv2dConfig(
                kernel_size=s.kernel_size,
                stride=s.stride,
                padding=s.padding,
                dilation=s.dilation,
                depth_multiplier=s.depth_multiplier,
                bias=False,
                init=s.init,
            ),
            shape,
        )
        between = (*s.window.output_size(H, W), C * s.depth_multiplier)
        self.pointwise = Conv2d(
            Conv2dConfig(
                filters=s.filters,
                kernel_size=1,
                bias=s.bias,
                norm=s.norm,
                activation=s.activation,
                init=s.init,
                bias_init=s.bias_init,
            ),
            between,
        )

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        return self.pointwise(self.depthwise(x, now), now, after)
