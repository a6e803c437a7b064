"""The network: built from the config's records by a dry run, given memory when it is to run, and called on batches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.flat import Flat
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import show
from nettrain.autograd.tensor import Dim, Shape, Spec, Tensor
from nettrain.config.fields import Chosen, FilePath, NoSettings, OneOf, Record
from nettrain.model.initialisers import initialise
from nettrain.model.kinds import CONTAINERS, LAYERS
from nettrain.model.layer import Buffer, Layer, LayerFault, Parameter, Pass
from nettrain.model.layers.containers import ContainerConfig, Layers
from nettrain.model.layers.linear_map import HE_NORMAL, LinearMapConfig
from nettrain.model.layers.squeeze_excite import SqueezeExciteConfig
from nettrain.model.norms import lost_bias, takes_bias
from nettrain.model.sequential import Sequential

NONE = Chosen("none", NoSettings())
WITH_WEIGHTS = (LinearMapConfig, ContainerConfig)  # the last of these gives the logits, which no activation may touch
CLASSES = "classes"  # the symbol of the number of classes, while it is not known


@dataclass(frozen=True)
class FromConfig(Record, short="path"):
    """The model to start from: the folder of a run (its best model), or a file, relative to this one.

    A tensor is taken where its name and shape are the same. ``misfits`` says what else may be: ``last_layer``, as for
    other classes, ``error`` nothing, ``skip`` anything; it begins with random weights then, and is listed.
    """

    path: FilePath
    misfits: Literal["last_layer", "error", "skip"] = "last_layer"


@dataclass(frozen=True)
class ModelConfig(Record):
    """The network: its layers, and what those use that name no initialiser or activation of their own.

    ``from`` starts from the weights of another model.
    """

    layers: tuple[Annotated[Chosen, OneOf("layers")], ...]
    from_: FromConfig | None = None
    init: Annotated[Chosen, OneOf("initialisers")] = HE_NORMAL
    activation: Annotated[Chosen, OneOf("activations")] = NONE

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if not self.layers:
            yield "layers", "expected at least one layer, got none"
            return
        effective = _inherit(self.layers, self)
        if self.activation != NONE and effective == _inherit(self.layers, replace(self, activation=NONE)):
            what = "each layer that could take it names its own or gives the logits"
            yield "activation", f"has no effect: {what}; leave it out"
        if self.init != HE_NORMAL and effective == _inherit(self.layers, replace(self, init=HE_NORMAL)):
            yield "init", "has no effect: each layer that could take it names its own; leave it out"


class ModelFault(ValueError):
    """Something about the network that cannot be; ``key`` is the dotted key of the layer."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Network(Sequential):
    """Layers from a picture (H,W,C), or a clip (T,H,W,C), to one output a class.

    Shapes   (N,H,W,C) or (N,T,H,W,C) -> (N,classes).
    """

    def __init__(
        self, layers: Sequence[Layer], kinds: Sequence[str], input_shape: Shape, shapes: Sequence[Shape]
    ) -> None:
        super().__init__(layers)
        self.kinds = list(kinds)
        self.input_shape = input_shape
        self.shapes = list(shapes)  # of each layer's output, without N
        self.give_names()
        named = list(self.tensors())
        self.parameters = {name: tensor for name, tensor in named if isinstance(tensor, Parameter)}
        self.buffers = {name: tensor for name, tensor in named if isinstance(tensor, Buffer)}
        for name, tensor in named:
            tensor.name = name

    def __call__(self, x: Tensor, now: Pass, after: Sequence[Part] = ()) -> Tensor:
        y = super().__call__(x, now, after)
        if y.graph is not None:
            y.graph.layer = ""  # what comes after, such as a loss, belongs to no layer
        return y

    @property
    def parameter_count(self) -> int:
        """How many numbers are trained."""
        return sum(math.prod(int(dim) for dim in p.shape) for p in self.parameters.values())

    def materialise(self, seed: int, dtype: npt.DTypeLike = np.float32) -> Flat:
        """Give every parameter and buffer memory and its first value; returns the parameters' flat memory."""
        shapes = {name: tuple(int(dim) for dim in p.shape) for name, p in self.parameters.items()}
        weights = Flat(shapes, dtype)
        for name, parameter in self.parameters.items():
            initialise(weights.views[name], parameter.init, name, parameter.fans, seed)
            parameter.value = weights.views[name]
        for buffer in self.buffers.values():
            buffer.materialise(weights.array.dtype)
        return weights

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every parameter and buffer by name: views, not copies."""
        return {name: tensor.array for name, tensor in (*self.parameters.items(), *self.buffers.items())}


def build_network(config: ModelConfig, input_shape: tuple[int, ...], classes: Dim = CLASSES) -> Network:
    """The network of a config for pictures (H,W,C) or clips (T,H,W,C), its shapes found by a dry
    run; nothing is allocated.

    Errors   ``ModelFault`` names the layer: a shape that does not fit, no pixels left, or a last layer that does not
             give one output a class.
    """
    layers = _inherit(config.layers, config)
    shapes: list[Shape] = []
    built, shape = _build(layers, input_shape, classes, shapes)
    network = Network(built, [layer.kind for layer in layers], input_shape, shapes)
    last = layers[-1]
    if not network.parameters:
        raise ModelFault(last.key, "no layer has weights, so nothing can be trained; expected a dense or conv2d layer")
    if len(shape) != 1:
        raise ModelFault(
            last.key, f"the last layer gives {show(shape)} for a picture; expected (classes), as of dense: classes"
        )
    if classes != CLASSES and shape[0] not in (classes, CLASSES):
        key = f"{last.key}.{last.kind}.units" if last.kind == "dense" else last.key
        raise ModelFault(
            key, f"the last layer gives {shape[0]} outputs, but there are {classes} classes; write 'classes'"
        )
    return network


def _build(
    layers: Sequence[Chosen], shape: Shape, classes: Dim, shapes: list[Shape] | None = None
) -> tuple[list[Layer], Shape]:
    """The layers, and the shape of one picture after them."""
    built = []
    for place, chosen in enumerate(layers):
        if place:
            _refuse_lost_bias(layers[place - 1], chosen, shape)
        layer, shape = _build_one(chosen, shape, classes)
        built.append(layer)
        if shapes is not None:
            shapes.append(shape)
    return built, shape


def _refuse_lost_bias(before: Chosen, norm: Chosen, shape: Shape) -> None:
    """Refuse a bias that was asked for, and that the norm which is the next layer takes away again."""
    settings = before.settings
    if not isinstance(settings, LinearMapConfig) or settings.has_norm or not takes_bias(norm, shape[-1]):
        return
    asked = [key for key in ("bias", "bias_init") if getattr(settings, key)]
    if asked and settings.has_bias and (settings.activation is None or settings.activation.kind == NONE.kind):
        raise ModelFault(f"{before.key}.{before.kind}.{asked[0]}", lost_bias(norm.kind))


def _build_one(chosen: Chosen, shape: Shape, classes: Dim) -> tuple[Layer, Shape]:
    settings, constructor = chosen.settings, LAYERS[chosen.kind][1]
    takes = getattr(constructor, "takes", "(...)")
    if takes != "(...)" and len(shape) not in _axes(takes):
        raise ModelFault(chosen.key, f"{chosen.kind} takes {takes}, but {show(shape)} arrives; {_cure(takes, shape)}")
    if getattr(settings, "units", None) == CLASSES:
        settings = replace(settings, units=classes)
    layer: Layer
    try:
        if constructor in CONTAINERS:
            layer = constructor(settings, shape, lambda inner, start: _build(inner, start, classes))
        else:
            layer = constructor(settings, shape)
        out = layer(Tensor(Spec(("N", *shape))), Pass(training=True))
    except ModelFault:
        raise
    except LayerFault as fault:
        raise ModelFault(f"{chosen.key}.{chosen.kind}.{fault.setting}", str(fault)) from None
    except ValueError as error:
        raise ModelFault(chosen.key, str(error)) from None
    return layer, out.shape[1:]


def _axes(takes: str) -> list[int]:
    """How many axes a layer takes, of each form that it does."""
    return [form.count(",") + 1 for form in takes.split(" or ")]


def _cure(takes: str, shape: Shape) -> str:
    """What to do where a layer takes other axes than arrive."""
    match len(shape):
        case 1:
            return "a picture is no longer there"
        case 2:
            left = "put time_avg_pool, time_max_pool or flatten before it"
            return left if takes == "(C)" else "a picture is no longer there"
        case 3 if takes == "(C)":
            return "put flatten or global_avg_pool before it"
        case 3:
            return "these are pictures; set data.image.frames to train on clips"
        case _ if takes == "(C)":
            return "put flatten or global_avg_pool before it, or it into time_distributed"
        case _:
            return "put it into time_distributed, which runs it on every frame"


def _inherit(layers: Layers, model: ModelConfig, *, final: bool = True) -> Layers:
    """The layers, with the model's initialiser and activation where they name none.

    ``final`` says that the last of them gives the logits, which stay as they are.
    """

    def one(place: int, chosen: Chosen) -> Chosen:
        settings = chosen.settings
        last = final and not any(isinstance(later.settings, WITH_WEIGHTS) for later in layers[place + 1 :])
        if isinstance(settings, LinearMapConfig):
            activation = settings.activation or (None if last else model.activation)
            return replace(chosen, settings=replace(settings, init=settings.init or model.init, activation=activation))
        if isinstance(settings, SqueezeExciteConfig):
            return replace(chosen, settings=replace(settings, init=settings.init or model.init))
        if isinstance(settings, ContainerConfig):
            return replace(chosen, settings=settings.with_inside(lambda inside: _inherit(inside, model, final=last)))
        return chosen

    return tuple(one(place, chosen) for place, chosen in enumerate(layers))
