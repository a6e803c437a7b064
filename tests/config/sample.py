"""A small config language that the tests of the reader read: records of every form, and two tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from nettrain.config.document import Document
from nettrain.config.dotted import Override
from nettrain.config.fields import (
    Chosen,
    Count,
    Duration,
    Environment,
    FilePath,
    Fraction,
    Limit,
    NoSettings,
    OneOf,
    Positive,
    Rate,
    Record,
    Table,
    Whole,
)
from nettrain.config.reader import read_text
from nettrain.errors import ConfigError

Layers = tuple[Annotated[Chosen, OneOf("layers")], ...]


@dataclass(frozen=True)
class Sgd(Record, aliases={"learning_rate": "lr"}):
    lr: Rate
    momentum: Fraction = 0.0
    nesterov: bool = False

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.nesterov and not self.momentum:
            yield "nesterov", "needs a momentum above 0"
        if self.lr == 1234 and "momentum" not in given:
            yield "momentum", "expected one with an lr of 1234"


@dataclass(frozen=True)
class Adam(Record):
    lr: Positive = 1e-3
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)


@dataclass(frozen=True)
class Conv(Record, aliases={"out_channels": "filters"}):
    filters: Count
    kernel_size: Count | tuple[Count, Count] = 3
    padding: Literal["same", "valid"] | Whole = "same"


@dataclass(frozen=True)
class Dropout(Record, short="rate"):
    rate: Fraction


@dataclass(frozen=True)
class Pool(Record, short="size"):
    size: Count | tuple[Count, Count] = 2


@dataclass(frozen=True)
class Dense(Record, short="units"):
    units: Literal["classes"] | Count


@dataclass(frozen=True)
class Residual(Record, short="layers"):
    layers: Layers


@dataclass(frozen=True)
class Split(Record):
    from_: Literal["train"]
    fraction: Fraction = 0.1


@dataclass(frozen=True)
class Data(Record):
    train: FilePath | None = None
    val: FilePath | Split | None = None
    channels: Literal[1, 3, 4] = 3
    mean: tuple[float, ...] | Literal["dataset"] = "dataset"


SGD = Chosen("sgd", Sgd(0.1))
EPOCH = Duration(1, "epochs")


@dataclass(frozen=True)
class Root(Record):
    seed: Whole = 1
    name: Annotated[str, Environment] = "run"
    data: Data = Data()
    layers: Annotated[Layers, Limit(1)] = (Chosen("dense", Dense("classes")),)
    optimizer: Annotated[Chosen, OneOf("optimizers")] = SGD
    epochs: Count = 10
    every: Duration = EPOCH
    max_time: Annotated[Duration | None, Environment()] = None
    monitor: Literal["none"] | str = "none"
    cache: bool = False
    warmup: Annotated[Chosen | None, OneOf("optimizers")] = None


TABLES = {
    "layers": Table(
        {
            "conv2d": Conv,
            "dense": Dense,
            "dropout": Dropout,
            "flatten": NoSettings,
            "max_pool2d": Pool,
            "residual": Residual,
        },
        {"linear": "dense"},
    ),
    "optimizers": Table({"sgd": Sgd, "adam": Adam}),
}


def read(text: str, overrides: Sequence[str | Override] = (), *, stored: bool = False) -> Document[Root]:
    return read_text(text, "train.yaml", Root, TABLES, "/home/me/runs", overrides, stored=stored)


def faults(text: str, overrides: Sequence[str | Override] = ()) -> list[str]:
    """The faults of a text, each as its whole line; none if it reads."""
    try:
        read(text, overrides)
    except ConfigError as error:
        return [line.removeprefix("nettrain: error: ") for line in error.lines()]
    return []
