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
from nettrain.training.config import TABLES, CheckpointConfig, Config, best_mode

SHIPPED = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_config_is_read_and_written_back_the_same(path: Path) -> None:
    document = read_config(path, Config, TABLES)
    assert document.notes == ()
    assert document.source == path.read_bytes()
    assert document.config.name == path.stem
    again = read_text(dump(document.config), "config.resolved.yaml", Config, TABLES, str(path.parent))
    assert again.config == document.config


def test_a_resolved_config_names_every_default(small: Path) -> None:
    document = document_of(MLP.format(data=small), small)
    text = dump(document.config)
    top = [line.split(":")[0] for line in text.splitlines() if line[0].isalpha()]
    assert set(top) | {"name"} == {field.name for field in fields(Config)}
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
