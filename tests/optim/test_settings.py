"""The optimizers' settings as a user writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from nettrain.config.dotted import Override
from nettrain.config.fields import Chosen, OneOf, Record, Table
from nettrain.config.reader import read_text
from nettrain.errors import ConfigError
from nettrain.optim.muon import OthersConfig
from nettrain.optim.settings import GroupConfig
from nettrain.optim.sgd import SgdConfig
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
    ("{RMSprop: {rho: 0.9, momentum: 0.9}}", "rmsprop", {"alpha": 0.9, "momentum": 0.9, "centered": False, "lr": 0.01}),
    ("{adagrad: {initial_accumulator_value: 0.1}}", "adagrad", {"initial": 0.1, "epsilon": 1e-10, "lr": 0.01}),
    ("adadelta", "adadelta", {"lr": 1.0, "rho": 0.9, "epsilon": 1e-6}),
    ("{nadam: {schedule_decay: 0.1}}", "nadam", {"lr": 0.002, "momentum_decay": 0.1}),
    ("radam", "radam", {"lr": 0.001, "betas": (0.9, 0.999)}),
    ("lion", "lion", {"lr": 1e-4, "betas": (0.9, 0.99)}),
    ("{lamb: {no_decay: ['*.bias'], weight_decay: 0}}", "lamb", {"lr": 0.001, "epsilon": 1e-6}),
    (
        "{muon: {ns_steps: 6, adamw: 0.001}}",
        "muon",
        {"lr": 0.02, "momentum": 0.95, "iterations": 6, "adamw": OthersConfig(lr=0.001)},
    ),
    (
        "{lookahead: {optimizer: {sgd: 0.3}, k: 6, slow_step: 0.8}}",
        "lookahead",
        {"optimizer": Chosen("sgd", SgdConfig(lr=0.3)), "sync": 6, "alpha": 0.8, "lr": 0.3},
    ),
    (
        "{sgd: {groups: [{match: '*.bias', lr: 0}, {match: [a, b], weight_decay: 1}], global_clipnorm: 2}}",
        "sgd",
        {"groups": (GroupConfig("*.bias", lr=0.0), GroupConfig(("a", "b"), weight_decay=1.0)), "clip_norm": 2.0},
    ),
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
    (
        "{sgd: {groups: [{match: '*.bias'}]}}",
        "c.yaml:1:28: optimizer.sgd.groups.0: sets nothing; give the parameters that match an lr or a weight_decay",
    ),
    (
        "{sgd: {groups: [{match: [], lr: 1}]}}",
        "c.yaml:1:29: optimizer.sgd.groups.0.match: expected a name pattern such as '*.bias', got an empty list",
    ),
    (
        "{sgd: {groups: [{lr: 1}]}}",
        "c.yaml:1:28: optimizer.sgd.groups.0.match: missing; expected text or a list, each text",
    ),
    (
        "{adam: {clip_norm: 1, clip_value: 1}}",
        "c.yaml:1:46: optimizer.adam.clip_value: expected clip_norm or clip_value, got both; leave one out",
    ),
    (
        "{radam: {decoupled: true}}",
        "c.yaml:1:32: optimizer.radam.decoupled: has no effect when weight_decay is 0; set weight_decay, or leave it "
        "out",
    ),
    ("{adam: {clip_norm: 0}}", "c.yaml:1:31: optimizer.adam.clip_norm: must be above 0, got 0"),
    ("lookahead", "c.yaml:1:12: optimizer.lookahead.optimizer: missing; expected an optimizer"),
    (
        "{lookahead: {optimizer: {lookahead: {optimizer: adam}}}}",
        "c.yaml:1:25: optimizer.lookahead.optimizer: expected an optimizer that makes steps of its own, got another "
        "lookahead",
    ),
    (
        "{lookahead: {optimizer: adam, alpha: 1}}",
        "c.yaml:1:49: optimizer.lookahead.alpha: must be above 0 and below 1, got 1",
    ),
    (
        "{muon: {nesterov: true, momentum: 0}}",
        "c.yaml:1:30: optimizer.muon.nesterov: has no effect without momentum; set momentum, such as 0.95",
    ),
    ("{adamw: {weight_decay: -1}}", "c.yaml:1:35: optimizer.adamw.weight_decay: must be at least 0, got -1"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_settings_that_cannot_be_are_refused(text: str, message: str) -> None:
    assert fault(text) == message


@pytest.mark.parametrize("key", ["optimizer.*.lr", "optimizer.lookahead.lr", "optimizer.lookahead.optimizer.*.lr"])
def test_the_learning_rate_of_a_lookahead_is_that_of_the_optimizer_in_it(key: str) -> None:
    text = "optimizer: {lookahead: {optimizer: {adamw: {weight_decay: 1}}, sync: 3}}\n"
    given = [Override(key, "0.25", "--lr")]
    settings = read_text(text, "c.yaml", Root, TABLES, "/", given).config.optimizer.settings
    assert (settings.lr, settings.sync, settings.optimizer.settings.weight_decay) == (0.25, 3, 1)


def test_a_learning_rate_that_cannot_be_is_placed_where_it_was_given() -> None:
    text = "optimizer: {lookahead: {optimizer: adamw}}\n"
    with pytest.raises(ConfigError) as caught:
        read_text(text, "c.yaml", Root, TABLES, "/", [Override("optimizer.*.lr", "fast", "--lr")])
    assert str(caught.value) == "--lr:1:1: optimizer.lookahead.optimizer.adamw.lr: expected a number, got 'fast'"
