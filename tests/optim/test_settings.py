"""The optimizers' settings as a user writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from nettrain.config.fields import Chosen, OneOf, Record, Table
from nettrain.config.reader import read_text
from nettrain.errors import ConfigError
from nettrain.optim.table import OPTIMIZER_ALIASES, OPTIMIZERS


@dataclass(frozen=True)
class Root(Record):
    optimizer: Annotated[Chosen, OneOf("optimizers")]


TABLES = {"optimizers": Table({kind: row[0] for kind, row in OPTIMIZERS.items()}, OPTIMIZER_ALIASES)}


def read(text: str) -> Chosen:
    return read_text(f"optimizer: {text}\n", "c.yaml", Root, TABLES, "/").config.optimizer


def fault(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


GOOD: list[tuple[str, str, dict[str, Any]]] = [
    ("sgd", "sgd", {"lr": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0, "no_decay": ()}),
    ("{sgd: 0.1}", "sgd", {"lr": 0.1}),
    ("{SGD: {learning_rate: 0.1, momentum: 0.9, nesterov: true}}", "sgd", {"lr": 0.1, "nesterov": True}),
    ("{sgd: {weight_decay: 5e-4, no_decay: ['*.bias']}}", "sgd", {"weight_decay": 5e-4, "no_decay": ("*.bias",)}),
    ("adam", "adam", {"lr": 0.001, "betas": (0.9, 0.999), "epsilon": 1e-8, "weight_decay": 0.0}),
    ("{adam: {betas: [0.8, 0.95], eps: 1e-7}}", "adam", {"betas": (0.8, 0.95), "epsilon": 1e-7}),
    ("adam_w", "adamw", {"lr": 0.001, "weight_decay": 0.01}),
    ("{adamw: {no_decay: ['*.bias']}}", "adamw", {"no_decay": ("*.bias",)}),
]


@pytest.mark.parametrize(("text", "kind", "expected"), GOOD)
def test_settings_are_read(text: str, kind: str, expected: dict[str, Any]) -> None:
    chosen = read(text)
    assert chosen.kind == kind
    assert {key: getattr(chosen.settings, key) for key in expected} == expected


BAD = [
    ("{sgd: {lr: 0}}", "c.yaml:1:23: optimizer.sgd.lr: must be above 0, got 0"),
    ("{sgd: {momentum: 1}}", "c.yaml:1:29: optimizer.sgd.momentum: must be at least 0 and below 1, got 1"),
    (
        "{sgd: {nesterov: true}}",
        "c.yaml:1:29: optimizer.sgd.nesterov: has no effect without momentum, because it looks ahead along the "
        "velocity; set momentum, such as 0.9",
    ),
    (
        "{sgd: {no_decay: ['*.bias']}}",
        "c.yaml:1:19: optimizer.sgd.no_decay: has no effect when weight_decay is 0; set weight_decay, or leave it out",
    ),
    ("{adam: {beta_1: 0.9}}", "c.yaml:1:20: optimizer.adam.beta_1: unknown key; did you mean 'betas'?"),
    ("{adam: {betas: [0.9, 1.0]}}", "c.yaml:1:33: optimizer.adam.betas.1: must be at least 0 and below 1, got 1.0"),
    ("{adam: {epsilon: 0}}", "c.yaml:1:29: optimizer.adam.epsilon: must be above 0, got 0"),
    ("{adamw: {weight_decay: -1}}", "c.yaml:1:35: optimizer.adamw.weight_decay: must be at least 0, got -1"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_settings_that_cannot_be_are_refused(text: str, message: str) -> None:
    assert fault(text) == message
