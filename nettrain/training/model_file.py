"""The model file: weights with everything needed to use them (layers, classes, preprocessing), written and loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettrain.autograd.tensor import Array
from nettrain.config.reader import read_text
from nettrain.config.resolved import to_plain
from nettrain.data.normalize import Normalization
from nettrain.data.views import Views
from nettrain.errors import CheckpointError, ConfigError
from nettrain.model.network import ModelFault, Network, build_network
from nettrain.ops.loss_table import LOSSES
from nettrain.training.config import TABLES, Config
from nettrain.training.loop.evaluation import outputs_of, probabilities_over
from nettrain.training.store import checkpoint, json_text

OPTIMIZER = "optimizer/"  # prefixes of tensors in the checkpoint of a training: the optimizer's,
AVERAGE = "average/"  # averaged weights,
EPOCH_START = "epoch_start/"  # and all of these as they were when the epoch began


@dataclass(frozen=True)
class Model:
    """A trained network, ready to classify."""

    network: Network
    config: Config
    classes: tuple[str, ...]
    normalization: Normalization
    sha256: str
    path: str

    @property
    def views(self) -> Views:
        """Those of a picture that test-time augmentation takes the mean over."""
        return Views.known_to(self.config.data)

    def probabilities(self, pixels: Array, tta: bool = False) -> Array:
        """How sure the model is of each class; with ``tta`` in the mean over several views of each picture.

        Shapes   pixels (N,H,W,C) uint8, or of clips (N,T,H,W,C), as the model takes them -> (N,classes) float32.
        Notes    The bits of a row do not depend on the other pictures.
        """
        images, loss = self.normalization.apply(pixels), self.config.loss
        if tta:
            mean: Array = probabilities_over(self.views, self.network, loss, images).astype(np.float32)
            return mean
        return LOSSES[loss.kind].probabilities(outputs_of(self.network, images))


def model_meta(config: Config, classes: tuple[str, ...], normalization: Normalization) -> dict[str, Any]:
    """What stands beside the weights: the config without paths and other surroundings, classes, preprocessing."""
    return {
        "config": to_plain(config, environment=False),
        "classes": list(classes),
        "normalization": {"mean": list(normalization.mean), "std": list(normalization.std)},
    }


def load_model(path: str | os.PathLike[str]) -> Model:
    """The model in a file: one that was saved as the best, or the checkpoint of a training.

    Errors   ``CheckpointError`` if the file is damaged, or its parts do not belong together.
    """
    found = checkpoint.load(path)
    shown = os.fspath(path)
    try:
        config = read_config_of(found.meta, shown)
        classes = tuple(str(name) for name in found.meta["classes"])
        numbers = found.meta["normalization"]
        normalization = Normalization(tuple(numbers["mean"]), tuple(numbers["std"]))
        image = config.data.image
        network = build_network(config.model, image.shape, len(classes))
    except (KeyError, TypeError, ModelFault) as error:
        raise CheckpointError(f"is not a model that this version can use ({error}); train it again", shown) from error
    network.materialise(0)
    weights = {name: tensor for name, tensor in found.tensors.items() if "/" not in name}
    put_state(network.state(), weights, shown)
    return Model(network, config, classes, normalization, found.sha256, shown)


def read_config_of(meta: Mapping[str, Any], shown: str) -> Config:
    """The config stored in a checkpoint's metadata; paths and other surroundings are not in it.

    Errors   ``CheckpointError`` if this version cannot read it.
    """
    try:
        return read_text(json_text.canonical(meta["config"]), shown, Config, TABLES, os.curdir, stored=True).config
    except ConfigError as error:
        raise CheckpointError(f"holds a config that this version cannot read ({error.faults[0]})", shown) from error


def put_state(state: Mapping[str, Array], saved: Mapping[str, Array], shown: str) -> None:
    """Write saved tensors over a network's own, after every name, shape and dtype was compared.

    Errors   ``CheckpointError`` names the first tensor that does not fit; nothing is written then.
    """
    for name in sorted(state.keys() | saved.keys()):
        if name not in saved:
            raise CheckpointError(f"holds no tensor {name}; expected the checkpoint of this very model", shown)
        if name not in state:
            raise CheckpointError(f"holds a tensor {name} that this model has not; expected its own checkpoint", shown)
        ours, theirs = (f"{array.dtype} {array.shape}" for array in (state[name], saved[name]))
        if ours != theirs:
            raise CheckpointError(f"its tensor {name} is {theirs}, but this model's is {ours}", shown)
    for name, target in state.items():
        np.copyto(target, saved[name])
