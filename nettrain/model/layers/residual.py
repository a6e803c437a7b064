"""The residual block: layers, and a shortcut around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape, Tensor
from nettrain.config.fields import Chosen, OneOf, Record
from nettrain.model.activations import activation_layer
from nettrain.model.layer import Build, Layer, Pass
from nettrain.model.layers.conv2d import Conv2d, Conv2dConfig
from nettrain.model.layers.linear_map import LinearMapConfig
from nettrain.model.sequential import Sequential
from nettrain.ops.add import Add
from nettrain.ops.option_a import option_a


@dataclass(frozen=True)
class ResidualConfig(Record, short="layers"):
    """Settings of ``residual``; ``activation`` comes after the sum."""

    layers: tuple[Annotated[Chosen, OneOf("layers")], ...]
    shortcut: Literal["identity", "conv1x1", "pad"] = "identity"
    activation: Annotated[Chosen, OneOf("activations")] | None = None

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if not self.layers:
            yield "layers", "expected at least one layer, got none"

    @property
    def last_map(self) -> LinearMapConfig:
        """The settings of the last conv or dense layer inside: a conv1x1 shortcut has its norm and initialiser."""
        maps = [layer.settings for layer in self.layers if isinstance(layer.settings, LinearMapConfig)]
        return maps[-1] if maps else LinearMapConfig()


class Residual(Sequential):
    """activation(layers(x) + shortcut(x)).  Shapes: as the layers inside; the shortcut has to fit.

    ``identity`` is x; ``conv1x1`` (option B) a 1x1 convolution with the norm of the block's last; ``pad`` (option A)
    every stride-th pixel with zeros for the new channels.
    """

    has_epilogue = True

    def __init__(self, settings: ResidualConfig, shape: Shape, build: Build) -> None:
        layers, out = build(settings.layers, shape)
        super().__init__(layers)
        self.activation = activation_layer(settings.activation, out)
        self.shortcut = _shortcut(settings, shape, out)

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        if x.graph is not None:
            x.graph.layer = self.shortcut.name
        shortcut = self.shortcut(x, now)
        activation = [] if self.activation is None else [self.activation.part(now)]
        return super().__call__(x, now, [Add(shortcut), *activation, *after])


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
    if len(shape) != 3 or len(out) != 3:
        raise ValueError(f"a {settings.shortcut} shortcut takes pictures (H, W, C); use identity for rows")
    stride, K = _stride(settings.layers), int(out[2])
    if settings.shortcut == "pad":
        return Identity() if stride == (1, 1) and shape[2] == K else OptionA(stride, K)
    last = settings.last_map
    one = Conv2dConfig(filters=K, kernel_size=1, stride=stride, padding="valid", norm=last.norm, init=last.init)
    return Conv2d(one, shape)


def _stride(layers: Sequence[Chosen]) -> tuple[int, int]:
    """By how much layers in a row thin out rows and columns: the product of their strides."""
    rows = columns = 1
    for chosen in layers:
        if isinstance(chosen.settings, ResidualConfig):
            a, b = _stride(chosen.settings.layers)
        else:
            a, b = chosen.settings.window.stride if hasattr(chosen.settings, "window") else (1, 1)
        rows, columns = rows * a, columns * b
    return rows, columns
