"""The table of optimizers: each kind with its settings and its rule."""

from __future__ import annotations

from nettrain.config.fields import Record
from nettrain.optim.adam import Adam, AdamConfig
from nettrain.optim.adamw import AdamW, AdamWConfig
from nettrain.optim.optimizer import Optimizer
from nettrain.optim.sgd import Sgd, SgdConfig

OPTIMIZERS: dict[str, tuple[type[Record], type[Optimizer]]] = {
    "sgd": (SgdConfig, Sgd),
    "adam": (AdamConfig, Adam),
    "adamw": (AdamWConfig, AdamW),
}
OPTIMIZER_ALIASES = {"SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "adam_w": "adamw"}
