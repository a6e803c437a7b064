"""The residual block: layers, and a shortcut around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Chosen, Fraction, OneOf
from nettrain.model.activations import activation_layer
from nettrain.model.layer import Build, Layer, Pass
from nettrain.model.layers.containers import ContainerConfig, Layers, stride_of
from nettrain.model.layers.conv2d import Conv2d, Conv2dConfig
from nettrain.model.layers.conv3d import Conv3d, Conv3dConfig
from nettrain.model.layers.drop_path import DropPath, DropPathConfig
from nettrain.model.layers.linear_map import LinearMapConfig
from nettrain.model.sequential import Sequential
from nettrain.ops.add import Add
from nettrain.ops.option_a import option_a


@dataclass(frozen=True)
class ResidualConfig(ContainerConfig, short="layers"):
    """Settings of ``residual``; ``activation`` comes after the sum.

    ``drop_path`` is the probability that a picture goes without the layers in a step of training.
    """

    layers: tuple[Annotated[Chosen, OneOf("layers")], ...]
    shortcut: Literal["identity", "conv1x1", "pad"] = "identity"
    activation: Annotated[Chosen, OneOf("activations")] | None = None
    drop_path: Fraction = 0.0

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if not self.layers:
            yield "layers", "expected at least one layer, got none"

    def inside(self) -> Sequence[Layers]:
        return (self.layers,)

    def with_inside(self, change: Callable[[Layers], Layers]) -> ResidualConfig:
        return replace(self, layers=change(self.layers))

    @property
    def last_map(self) -> LinearMapConfig:
        """The settings of the last conv or dense layer inside: a conv1x1 shortcut has its norm and initialiser."""
        maps = [layer.settings for layer in self.layers if isinstance(layer.settings, LinearMapConfig)]
        return maps[-1] if maps else LinearMapConfig()


class Residual(Sequential):
    """activation(layers(x) + shortcut(x)).  Shapes: as the layers inside; the shortcut has to fit.

    ``identity`` is x; ``conv1x1`` (option B) a 1x1 convolution with the norm of the block's last, also of clips;
    ``pad`` (option A) every stride-th pixel with zeros for the new channels.
    """

    has_epilogue = True

    def __init__(self, settings: ResidualConfig, shape: Shape, build: Build) -> None:
        layers, out = build(settings.layers, shape)
        super().__init__(layers)
        self.activation = activation_layer(settings.activation, out)
        self.shortcut = _shortcut(settings, shape, out)
        self.drop_path = DropPath(DropPathConfig(settings.drop_path), out) if settings.drop_path else None

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        if x.graph is not None:
            x.graph.layer = self.shortcut.name
        shortcut = self.shortcut(x, now)
        dropped = [] if self.drop_path is None else [self.drop_path.part(now)]
        activation = [] if self.activation is None else [self.activation.part(now)]
        return super().__call__(x, now, [*dropped, Add(shortcut), *activation, *after])


class Identity(Layer):
    """x itself."""

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        return x


class OptionA(Layer):
    """Subsampled pixels and zero channels."""

    def __init__(self, stride: tuple[int, int], channels: int) -> None:
        self._settings = stride, channels

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        stride, channels = self._settings
        return option_a(x, stride=stride, channels=channels)


def _shortcut(settings: ResidualConfig, shape: Shape, out: Shape) -> Layer:
    if settings.shortcut == "identity":
        return Identity()
    last, stride, K = settings.last_map, stride_of(settings.layers), int(out[-1])
    if settings.shortcut == "conv1x1" and len(shape) == len(out) == 4:
        in_clips = Conv3dConfig(
            filters=K, kernel_size=1, stride=stride, padding="valid", norm=last.norm, init=last.init
        )
        return Conv3d(in_clips, shape)
    if len(shape) != 3 or len(out) != 3:
        cure = "identity or conv1x1 for clips" if len(shape) == 4 else "identity for rows"
        raise ValueError(f"a {settings.shortcut} shortcut takes pictures (H, W, C); use {cure}")
    if settings.shortcut == "pad":
        return Identity() if stride[1:] == (1, 1) and shape[2] == K else OptionA(stride[1:], K)
    one = Conv2dConfig(filters=K, kernel_size=1, stride=stride[1:], padding="valid", norm=last.norm, init=last.init)
    return Conv2d(one, shape)
