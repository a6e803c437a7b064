"""The schema put together: defaults, tables, shipped configs, and what is part of the result."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from commands import MLP, ROOT
from training.setting_up import document_of

from nettrain.config.reader import read_config, read_text
from nettrain.config.resolved import dump, to_plain
from nettrain.errors import ConfigError
from nettrain.training.config import TABLES, CheckpointConfig, Config
from nettrain.training.loop.monitors import best_mode
from nettrain.training.store import json_text

SHIPPED = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_config_is_read_and_written_back_the_same(path: Path) -> None:
    document = read_config(path, Config, TABLES)
    assert document.notes == ()
    assert document.source == path.read_bytes()
    assert document.config.name == path.stem
    again = read_text(dump(document.config), "config.resolved.yaml", Config, TABLES, str(path.parent))
    assert again.config == document.config


NEEDED = {  # what a kind cannot be without
    "dense": "{units: classes}",
    "conv2d": "{filters: 4, kernel_size: 3}",
    "conv3d": "{filters: 4, kernel_size: [1, 3, 3]}",
    "time_distributed": "{layers: [relu]}",
    "dropout": "0.5",
    "residual": "{layers: [relu]}",
    "parallel": "{branches: [[], [relu]]}",
    "depthwise_conv2d": "{kernel_size: 3}",
    "separable_conv2d": "{filters: 2, kernel_size: 3}",
    "drop_path": "{rate: 0.1}",
    "step": "{every: 1 epochs}",
    "random_crop": "2",
    "random_rotation": "15",
    "random_affine": "{degrees: 10, shear: [0, 10]}",
    "color_jitter": "{hue: [-0.1, 0.2]}",
    "gaussian_blur": "3",
    "sharpness": "2",
    "posterize": "3",
    "solarize": "100",
    "multistep": "[1 epochs, 2 epochs]",
    "exponential": "0.9",
    "cosine_restarts": "{period: 1 epochs, growth: 2}",
    "lookahead": "{optimizer: {adamw: {groups: [{match: '*.bias', lr: 0.1}]}}, sync: 3}",
}
PLACES = {  # where a row of each table stands in a config
    "layers": ("- flatten", "- {}\n    - flatten"),
    "norms": ("units: 16, activation: relu", "units: 16, norm: {}"),
    "activations": ("activation: relu", "activation: {}"),
    "initialisers": ("activation: relu", "activation: relu, init: {0}, bias_init: {0}"),
    "metrics": ("model:", "metrics: [{}]\nmodel:"),
    "losses": ("model:", "loss: {}\nmodel:"),
    "optimizers": ("{sgd: {lr: 0.1, momentum: 0.9}}", "{}"),
    "schedules": ("model:", "schedule: {}\nmodel:"),
    "augmentations": ("image: {size: [8, 8], channels: 1}", "image: {size: [20, 20]}\n  augment: [{}]"),
}
ELSEWHERE = {"subset_accuracy"}  # kinds that need another key too: see OTHERS
KINDS = [(table, kind) for table in TABLES for kind in TABLES[table].rows if kind not in ELSEWHERE]
OTHERS = {  # name: (text to replace in MLP, replacement)
    "several labels": (
        "model:",
        "  labels: several\nloss: {bce: {class_weights: balanced}}\nmetrics: [subset_accuracy]\nmodel:",
    ),
    "four channels": ("channels: 1", "channels: 4"),
    "four channels, padded": ("channels: 1", "channels: 4, fit: pad, background: [1, 2, 3]"),
    "every key of image": (
        "channels: 1",
        "channels: 3, fit: crop, background: [1, 2, 3], animated: first, max_megapixels: 0.5",
    ),
    "imagenet": ("channels: 1}", "channels: 3}\n  normalize: imagenet"),
    "pictures kept larger": ("channels: 1}", "channels: 1, load_size: [9, 10]}\n  augment: [random_resized_crop]"),
    "numbers": ("channels: 1}", "channels: 1}\n  normalize: {mean: [0.5], std: [0.1]}"),
    "every key of data": ("channels: 1}", "channels: 1}\n  test: x\n  on_bad_image: skip\n  cache: none"),
    "no validation": ("  val: {from: train, fraction: 0.25}\n", ""),
    "unstratified": ("fraction: 0.25", "fraction: 0.25, stratify: false"),
    "a folder for validation": ("{from: train, fraction: 0.25}", "y"),
    "every key of train": ("batch_size: 32", "batch_size: 32, threads: 2, max_time: 2h"),
    "every key of checkpoint": ("model:", "checkpoint: {monitor: val_loss, mode: min, every: 5 minutes}\nmodel:"),
    "every key of the gate": (
        "data:",
        "gate: {accuracy: 0.9, worst_class_recall: 0.7, not_worse_than: {run: y, by: 0.01}, use: lower}\ndata:",
    ),
    "another run as a gate": ("data:", "gate: {not_worse_than: y}\ndata:"),
    "every key of the top": ("data:", "version: 1\nname: n\nseed: 3\ndata:"),
    "no bias": ("activation: relu", "activation: relu, bias: false"),
    "nesterov": ("momentum: 0.9", "momentum: 0.9, nesterov: true, weight_decay: 0.1, no_decay: ['*']"),
    "groups and clipping": (
        "momentum: 0.9",
        "clip_norm: 1, groups: [{match: '*.bias', weight_decay: 0.1}, {match: ['*.weight'], lr: 0}]",
    ),
    "muon": ("{sgd: {lr: 0.1, momentum: 0.9}}", "{muon: {lr: 0.1, adamw: {lr: 0.01, match: ['layers.2.*']}}}"),
    "every key of the model": (
        "  layers:\n",
        "  init: glorot_normal\n  activation: silu\n  layers:\n    - conv2d: {filters: 4, kernel_size: 3}\n",
    ),
}


def read_back(text: str) -> None:
    """As it is written beside a run, and as it is stored in a checkpoint."""
    config = read_text(text, "a.yaml", Config, TABLES, "/base").config
    assert read_text(dump(config), "config.resolved.yaml", Config, TABLES, "/other").config == config
    plain = to_plain(config, environment=False)
    again = read_text(json_text.canonical(plain), "m", Config, TABLES, "/other", stored=True).config
    assert to_plain(again, environment=False) == plain


@pytest.mark.parametrize(("table", "kind"), KINDS)
def test_every_kind_with_its_defaults_reads_back(table: str, kind: str) -> None:
    old, new = PLACES[table]
    row = f"{{{kind}: {NEEDED[kind]}}}" if kind in NEEDED else kind
    text = MLP.format(data="x")
    assert old in text
    read_back(text.replace(old, new.replace("{0}", row).replace("{}", row)))


@pytest.mark.parametrize("name", OTHERS)
def test_every_key_reads_back(name: str) -> None:
    old, new = OTHERS[name]
    text = MLP.format(data="x")
    assert old in text
    read_back(text.replace(old, new))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_config_reads_back(path: Path) -> None:
    read_back(path.read_text())


def test_a_resolved_config_names_every_default(small: Path) -> None:
    document = document_of(MLP.format(data=small), small)
    text = dump(document.config)
    top = [line.split(":")[0] for line in text.splitlines() if line[0].isalpha()]
    assert set(top) | {"name", "gate"} == {field.name for field in fields(Config)}
    for line in ("batch_size: 32", "on_bad_image: error", "normalize: dataset", "nesterov: false", "seed: 1"):
        assert line in text


def test_surroundings_are_no_part_of_the_result(small: Path) -> None:
    text = MLP.format(data=small)
    one = document_of(text, small).config
    other = document_of(
        text.replace("epochs: 2", "epochs: 2, threads: 7").replace("data:\n", "data:\n  cache: none\n  test: x\n")
        + "name: n\n",
        small,
    ).config
    assert one != other
    assert to_plain(one, environment=False) == to_plain(other, environment=False)
    assert str(small) not in str(to_plain(one, environment=False))


def test_1e3_is_a_number(small: Path) -> None:
    """YAML 1.1, and so PyYAML, takes it for text."""
    assert (
        document_of(MLP.format(data=small).replace("lr: 0.1", "lr: 1e-3"), small).config.optimizer.settings.lr == 0.001
    )


def test_every_default_of_a_short_config() -> None:
    text = "data: {train: x, image: {size: [8, 8]}}\nmodel: {layers: [flatten, dense: classes]}\n"
    config = document_of(text + "optimizer: {sgd: {lr: 0.1}}\ntrain: {epochs: 1}\n", Path("/")).config
    assert (config.version, config.seed, config.name, config.train.batch_size, config.train.threads) == (
        1,
        1,
        None,
        128,
        None,
    )
    assert (config.loss.kind, config.schedule.kind, config.checkpoint) == (
        "cross_entropy",
        "constant",
        CheckpointConfig(),
    )
    assert (config.data.train, config.data.val, config.data.cache) == ("/x", None, "ram")


@pytest.mark.parametrize("monitor", ["val_accuracy", "val_loss", "train_accuracy", "train_loss"])
def test_a_mode_must_be_that_of_its_monitor(small: Path, monitor: str) -> None:
    right = best_mode(monitor)
    wrong = {"max": "min", "min": "max"}[right]

    def text(mode: str) -> str:
        return MLP.format(data=small) + f"checkpoint: {{monitor: {monitor}, mode: {mode}}}\n"

    assert document_of(text(right), small).config.checkpoint.mode == right
    with pytest.raises(ConfigError) as caught:
        document_of(text(wrong), small)
    place = len(f"checkpoint: {{monitor: {monitor}, mode: ") + 1
    assert str(caught.value) == (
        f"config.yaml:12:{place}: checkpoint.mode: {wrong} would keep the worst {monitor}; expected {right}"
    )


def test_a_mode_without_a_monitor_has_no_effect(small: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        document_of(MLP.format(data=small) + "checkpoint: {mode: max}\n", small)
    assert str(caught.value) == (
        "config.yaml:12:20: checkpoint.mode: has no effect without a monitor; name one, such as val_accuracy"
    )


@pytest.mark.parametrize(("alias", "name"), [("max_epochs: 2", "epochs: 2"), ("batch: 32", "batch_size: 32")])
def test_what_other_tools_call_a_key_is_understood_with_a_note(small: Path, alias: str, name: str) -> None:
    text = MLP.format(data=small)
    document = document_of(text.replace(name, alias), small)
    assert document.config == document_of(text, small).config
    assert len(document.notes) == 1
