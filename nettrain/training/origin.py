"""Weights of another model to start from: read, compared by name and shape, and put in the place of random ones."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nettrain.autograd.tensor import Array
from nettrain.config.document import Document
from nettrain.config.words import some
from nettrain.errors import CheckpointError, ConfigError
from nettrain.model.network import Network
from nettrain.training.config import Config
from nettrain.training.store import checkpoint
from nettrain.training.store.runs import find_model


@dataclass
class Origin:
    """Which model a training began with: the SHA-256 of its file, and how many of its tensors fitted; None if none."""

    sha256: str | None = None
    fitted: int | None = None


@dataclass(frozen=True)
class Fitted:
    """What of another model goes into a network, by name; ``notes`` say so, and what begins with random weights."""

    tensors: Mapping[str, Array]
    sha256: str
    notes: tuple[str, ...]

    def put(self, network: Network) -> Origin:
        """Write it over the network's own."""
        state = network.state()
        for name, tensor in self.tensors.items():
            np.copyto(state[name], tensor)
        return Origin(self.sha256, len(self.tensors))


def read_origin(document: Document[Config], network: Network, classes: Sequence[str]) -> Fitted | None:
    """The weights that ``model.from`` names, as far as they fit this network; None without it.

    The last layer of a model of other ``classes`` does not fit, whatever its shape: its outputs mean something else.

    Errors   ``ConfigError`` if there is no such model, or with a fault for every tensor that may not misfit and does;
             ``CheckpointError`` if it is damaged.
    """
    asked = document.config.model.from_
    if asked is None:
        return None
    if document.config.train.restarts is not None:
        what = "there is nothing to choose between where model.from gives the weights; leave one of them out"
        raise document.error("train.restarts", what)
    try:
        path = find_model(asked.path)
    except (ConfigError, CheckpointError) as error:
        raise document.error("model.from", f"{asked.path}: {error.faults[0].message}") from error
    found = checkpoint.load(path)
    theirs = {name: tensor for name, tensor in found.tensors.items() if "/" not in name}
    ours = {name: tuple(int(dim) for dim in tensor.shape) for name, tensor in _tensors(network).items()}
    others = found.meta.get("classes") != list(classes)
    foreign = _last(ours) & _last(theirs) if others else set[str]()
    fitting = {name: t for name, t in theirs.items() if ours.get(name) == t.shape and name not in foreign}
    misfits = {name: _misfit(name, ours, theirs) for name in sorted(ours.keys() | theirs.keys()) if name not in fitting}
    may = {"last_layer": _last(ours) | _last(theirs), "error": set[str](), "skip": misfits.keys()}[asked.misfits]
    if wrong := [f"{name} does not fit: {what}" for name, what in misfits.items() if name not in may]:
        but = ", but for the last" if asked.misfits == "last_layer" else ""
        told = f"{asked.path} does not fit this model in {some(len(wrong), 'tensor')}"
        lines = (f"{told}; the layers have to be the same{but}", *wrong)
        raise ConfigError(faults=[document.fault("model.from", line) for line in lines])
    if not fitting:
        raise document.error("model.from", f"no tensor of {asked.path} fits this model; leave it out")
    return Fitted(fitting, found.sha256, tuple(_notes(os.fspath(path), fitting, misfits)))


def _tensors(network: Network) -> dict[str, Array]:
    return {**network.parameters, **network.buffers}  # type: ignore[dict-item]  # only their shapes are looked at


def _misfit(name: str, ours: Mapping[str, tuple[int, ...]], theirs: Mapping[str, Array]) -> str:
    if name not in theirs:
        return f"{ours[name]} here, not there"
    if name not in ours:
        return f"{theirs[name].shape} there, not here"
    if theirs[name].shape == ours[name]:
        return f"{ours[name]} as here, but for other classes"
    return f"{theirs[name].shape} there, {ours[name]} here"


def _last(names: Mapping[str, object]) -> set[str]:
    """The tensors of the last layer that has some."""
    layers = {name: int(name.split(".")[1]) for name in names}
    return {name for name, layer in layers.items() if layer == max(layers.values())}


def _notes(path: str, fitting: Mapping[str, Array], misfits: Mapping[str, str]) -> list[str]:
    listed = ", ".join(f"{name} {fitting[name].shape}" for name in sorted(fitting))
    notes = [f"weights from {path}: {len(fitting)} tensors fit: {listed}"]
    notes += [
        f"weights from {path}: {name} does not: {what}; {'left out' if what.endswith('not here') else 'begun anew'}"
        for name, what in misfits.items()
    ]
    return notes
