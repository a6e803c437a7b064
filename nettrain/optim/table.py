"""The table of optimizers: each kind with its settings and its rule; and the optimizer of a config."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from nettrain.arrays.flat import Flat
from nettrain.config.fields import Chosen, Record
from nettrain.optim import groups, muon
from nettrain.optim.adadelta import Adadelta, AdadeltaConfig
from nettrain.optim.adagrad import Adagrad, AdagradConfig
from nettrain.optim.adam import Adam, AdamConfig
from nettrain.optim.adamw import AdamW, AdamWConfig
from nettrain.optim.lamb import Lamb, LambConfig
from nettrain.optim.lion import Lion, LionConfig
from nettrain.optim.lookahead import Lookahead, LookaheadConfig
from nettrain.optim.muon import Muon, MuonConfig, match_faults, matrices
from nettrain.optim.nadam import Nadam, NadamConfig
from nettrain.optim.optimizer import Optimizer
from nettrain.optim.radam import Radam, RadamConfig
from nettrain.optim.rmsprop import Rmsprop, RmspropConfig
from nettrain.optim.sgd import Sgd, SgdConfig

OPTIMIZERS: dict[str, tuple[type[Record], type[Optimizer]]] = {
    "sgd": (SgdConfig, Sgd),
    "adam": (AdamConfig, Adam),
    "adamw": (AdamWConfig, AdamW),
    "nadam": (NadamConfig, Nadam),
    "radam": (RadamConfig, Radam),
    "lamb": (LambConfig, Lamb),
    "lion": (LionConfig, Lion),
    "muon": (MuonConfig, Muon),
    "rmsprop": (RmspropConfig, Rmsprop),
    "adagrad": (AdagradConfig, Adagrad),
    "adadelta": (AdadeltaConfig, Adadelta),
    "lookahead": (LookaheadConfig, Lookahead),
}
OPTIMIZER_ALIASES = {
    "SGD": "sgd",
    "Adam": "adam",
    "AdamW": "adamw",
    "adam_w": "adamw",
    "NAdam": "nadam",
    "Nadam": "nadam",
    "RAdam": "radam",
    "Lamb": "lamb",
    "LAMB": "lamb",
    "Lion": "lion",
    "Muon": "muon",
    "RMSprop": "rmsprop",
    "RMSProp": "rmsprop",
    "rms_prop": "rmsprop",
    "Adagrad": "adagrad",
    "Adadelta": "adadelta",
    "Lookahead": "lookahead",
}

Shapes = Mapping[str, tuple[Any, ...]]  # of the parameters, by name


def make(chosen: Chosen, weights: Flat) -> Optimizer:
    """The chosen optimizer for these weights, with all the memory that it needs."""
    settings = chosen.settings
    if isinstance(settings, LookaheadConfig):
        return Lookahead(settings, weights, make(settings.optimizer, weights))
    return OPTIMIZERS[chosen.kind][1](settings, weights)


def state_numbers(chosen: Chosen, shapes: Shapes) -> int:
    """How many numbers the chosen optimizer remembers beside parameters of these shapes."""
    settings, kind = chosen.settings, OPTIMIZERS[chosen.kind][1]
    weights = {name: math.prod(shape) for name, shape in shapes.items()}
    if isinstance(settings, LookaheadConfig):
        return state_numbers(settings.optimizer, shapes) + sum(weights.values())
    if isinstance(settings, MuonConfig):  # one number a weight of a matrix, two of all others
        return 2 * sum(weights.values()) - sum(weights[name] for name in matrices(settings, shapes))
    return len(kind.slots_of(settings)) * sum(weights.values())


def working_numbers(chosen: Chosen, shapes: Shapes) -> int:
    """How many more numbers its steps work with, where that is more than a few chunks."""
    settings = chosen.settings
    if isinstance(settings, LookaheadConfig):
        return working_numbers(settings.optimizer, shapes)
    return muon.working_numbers(settings, shapes) if isinstance(settings, MuonConfig) else 0


def pattern_faults(chosen: Chosen, shapes: Shapes) -> Iterator[tuple[str, str]]:
    """A ``(key, message)`` for each name pattern of the chosen optimizer that has no effect on these parameters.

    Notes    Keys begin below the choice, as ``sgd.no_decay.0``.
    """
    settings = chosen.settings
    found: Iterator[tuple[str, str]]
    if isinstance(settings, LookaheadConfig):
        found = ((f"optimizer.{key}", message) for key, message in pattern_faults(settings.optimizer, shapes))
    else:
        found = groups.pattern_faults(shapes, settings)
    yield from ((f"{chosen.kind}.{key}", message) for key, message in found)
    if isinstance(settings, MuonConfig):
        yield from ((f"{chosen.kind}.{key}", message) for key, message in match_faults(settings, shapes))
