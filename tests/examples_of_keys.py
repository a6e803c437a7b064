"""docs/examples.yaml as tests use it: which keys it shows, and whole configs with an example put in its place."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from commands import ROOT

from nettrain.config.fields import Record, Table
from nettrain.config.forms import Choice, Either, Form, Key, Listed, Settings, keys_of
from nettrain.model.kinds import LAYERS
from nettrain.training.config import TABLES, Config

EXAMPLES = yaml.safe_load((ROOT / "docs" / "examples.yaml").read_text(encoding="utf-8"))
ANY = "any"  # examples of what every kind of a table has
NEVER = {"schedules.onecycle": {"warmup": "it rises by itself: any other value than none is an error that says so"}}
CLIPS = frozenset(kind for kind, (_, layer) in LAYERS.items() if getattr(layer, "takes", "").startswith("(T")) | {
    "time_distributed"
}
IN_CLIPS = {"frames": 3, "stills": "repeat"}  # so that still pictures do
ROWS = frozenset(kind for kind, (_, layer) in LAYERS.items() if getattr(layer, "takes", "") == "(C)")
BASE: dict[str, Any] = {
    "data": {
        "train": "pictures/train",
        "val": {"from": "train", "fraction": 0.25},
        "image": {"size": [8, 8], "channels": 1},
    },
    "model": {
        "layers": [{"conv2d": {"filters": 4, "kernel_size": 3}}, "tanh", "global_avg_pool", {"dense": "classes"}]
    },
    "optimizer": {"sgd": {"lr": 0.1}},
    "train": {"epochs": 3, "batch_size": 4},
}
BESIDE = {  # what has to stand elsewhere for a section to mean something
    "train.ema": {"model": {"layers": [{"conv2d": {"filters": 4, "kernel_size": 3, "norm": "batch_norm"}},
                                       "global_avg_pool", {"dense": "classes"}]}},
    "train.rollback": {"train": {"on_nan": "rollback"}},
    "data.image": {"data": {"augment": [{"random_resized_crop": {"scale": [0.5, 1]}}]}},  # for load_size
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A key as an example shows it: ``where`` is its section or kind, ``at`` the way to it inside the example."""

    where: str
    example: Mapping[str, Any]
    at: tuple[str | int, ...]
    key: Key

    @property
    def name(self) -> str:
        path = ".".join(str(step) for step in self.at if isinstance(step, str))
        return f"{self.where}.{path}".strip(".")

    @property
    def value(self) -> Any:
        found: Any = self.example
        for step in self.at:
            found = found[step]
        return found

    def config(self) -> dict[str, Any]:
        """A whole config in which the example stands."""
        return config_with(self.where, self.example)

    def config_without(self) -> dict[str, Any]:
        """The same without the key."""
        example, holder = self._holder()
        del holder[self.at[-1]]
        config = config_with(self.where, example)
        if self.where in SECTIONS and len(self.at) == 1:  # else what stood there before would come back
            section_of(config, self.where).pop(str(self.at[0]), None)
        return config

    def config_with_value(self, value: Any) -> dict[str, Any]:
        """The same with another value of the key."""
        example, holder = self._holder()
        holder[self.at[-1]] = value
        return config_with(self.where, example)

    def _holder(self) -> tuple[dict[str, Any], Any]:
        example: dict[str, Any] = copy.deepcopy(dict(self.example))
        holder: Any = example
        for step in self.at[:-1]:
            holder = holder[step]
        return example, holder


def records() -> Iterator[tuple[str, type[Record]]]:
    """Every section and kind that has settings, by the name that its examples stand under."""
    yield from _sections("", Config)
    for table, rows in TABLES.items():
        for kind, record in rows.rows.items():
            if keys_of(record):
                yield f"{table}.{kind}", record


def examples_of(where: str) -> list[Mapping[str, Any]]:
    """The examples of a section or kind, those of every kind of its table among them."""
    table, _, kind = where.partition(".")
    if table not in EXAMPLES["kinds"]:
        return list(EXAMPLES["sections"].get(where, ()))
    own, known = EXAMPLES["kinds"][table].get(kind, []), keys_of(TABLES[table].rows[kind])
    needed = {name: own[0][name] for name, key in known.items() if key.required}
    common = [
        {**needed, **one}
        for one in EXAMPLES["kinds"][table].get(ANY, ())
        if set(one) <= set(known) - set(NEVER.get(where, ()))
    ]
    return [*own, *common]


def shown_by(where: str, record: type[Record]) -> Iterator[Shown]:
    """Every key that the examples of a section or kind show, those of records inside it too."""
    for example in examples_of(where):
        yield from _shown(where, example, (), record, example)


def wanted(where: str, record: type[Record]) -> Iterator[str]:
    """The keys that have to be shown there; sections and kinds of their own are shown where they belong."""
    for name, key in keys_of(record).items():
        if name in NEVER.get(where, ()):
            continue
        inner = list(_records_in(key.form))
        if not (inner and where in SECTIONS and f"{where}.{name}".strip(".") in SECTIONS):
            yield f"{where}.{name}".strip(".")
        if not _is_section(where, name):
            for one in inner:
                yield from (f"{where}.{name}.{below}".strip(".") for below in wanted("", one))


def config_with(where: str, example: Mapping[str, Any]) -> dict[str, Any]:
    """A whole config in which the example stands."""
    config = copy.deepcopy(BASE)
    for name, settings in BESIDE.get(where, {}).items():
        config[name].update(copy.deepcopy(settings))
    table, _, kind = where.partition(".")
    if table not in TABLES:
        holder = section_of(config, where)
        if where in ("data.val", "data.test", "data.normalize", "gate.not_worse_than"):
            holder.clear()  # one of several forms: not a mixture with what stands there
        holder.update(example)
        if where == "data" and example.get("labels") == "several":
            config["loss"] = "binary_cross_entropy"  # the only one that takes several
        if "frames" in config["data"]["image"]:
            config["model"]["layers"][0] = {"conv3d": {"filters": 4, "kernel_size": 3}}
        return config
    chosen = {kind: dict(example)}
    match table:
        case "layers" if kind in ROWS:
            config["model"]["layers"] = ["flatten", {"dense": 6}, chosen, {"dense": "classes"}]
        case "layers" if kind in CLIPS:
            config["data"]["image"].update(IN_CLIPS)
            config["model"]["layers"][:2] = [{"conv3d": {"filters": 4, "kernel_size": 3}}, chosen]
        case "layers":
            config["model"]["layers"][1] = chosen
        case "norms":
            config["model"]["layers"][0]["conv2d"]["norm"] = chosen
        case "activations":
            config["model"]["layers"][0]["conv2d"]["activation"] = chosen
        case "initialisers":
            config["model"]["init"] = chosen
        case "losses":
            config["loss"] = chosen
        case "optimizers":
            config["optimizer"] = chosen
        case "schedules":
            config["schedule"] = chosen
        case "augmentations":
            config["data"].update(augment=[chosen], image={"size": [20, 20]})  # colours, more pixels than levels
        case _:
            raise KeyError(f"no place in a config for {table}")
    return config


def section_of(config: dict[str, Any], where: str) -> dict[str, Any]:
    """The mapping of a section inside a config, made where it is not there."""
    for step in where.split(".") if where else ():
        if not isinstance(config.get(step), dict):
            config[step] = {}
        config = config[step]
    return config


def _sections(prefix: str, record: type[Record]) -> Iterator[tuple[str, type[Record]]]:
    yield prefix, record
    for name, key in keys_of(record).items():
        if isinstance(key.form, (Settings, Either)):
            for inner in _records_in(key.form):
                yield from _sections(f"{prefix}.{name}".strip("."), inner)


def _records_in(form: Form) -> Iterator[type[Record]]:
    match form:
        case Settings(record):
            yield record
        case Listed(item):
            yield from _records_in(item)
        case Either(options):
            for option in options:
                yield from _records_in(option)


def _shown(
    where: str, example: Mapping[str, Any], at: tuple[str | int, ...], record: type[Record], value: Any
) -> Iterator[Shown]:
    for name, inner in value.items():
        key = keys_of(record).get(name)
        if key is None:
            continue
        here = (*at, name)
        yield Shown(where, example, here, key)
        if _is_section(where, name):
            continue
        for below in _records_in(key.form):
            items = enumerate(inner) if isinstance(inner, list) else [(None, inner)]
            for place, item in items:
                if isinstance(item, Mapping):
                    way = here if place is None else (*here, place)
                    yield from _shown(where, example, way, below, item)


def _is_section(where: str, name: str) -> bool:
    return where in SECTIONS and f"{where}.{name}".strip(".") in SECTIONS


def one_value(key: Key) -> bool:
    """Whether there is nothing to choose."""
    return isinstance(key.form, Choice) and len(key.form.values) == 1


SECTIONS: frozenset[str] = frozenset(where for where, _ in _sections("", Config))
TABLE_OF_KINDS: Mapping[str, Table] = TABLES
