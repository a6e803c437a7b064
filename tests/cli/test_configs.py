"""Every config that ships: the net of its paper, and a training, made small, that learns and whose model predicts."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import trained
from commands import ROOT, Ended, tree

from nettrain.config.reader import read_config
from nettrain.training.config import TABLES, Config
from nettrain.training.prepare import check_shapes

CLASSES = 5
README = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = {  # what makes a config small enough; the size of pictures stays where the net needs it
    "cifar10-cnn": ("data.image.size=[16,16]", "train.epochs=4"),
    "cifar10-densenet": ("data.image.size=[16,16]", "train.epochs=2"),
    "cifar10-mobilenet": ("data.image.size=[16,16]", "train.epochs=6"),
    "cifar10-resnet20": ("data.image.size=[16,16]", "train.epochs=7"),
    "clips-still": ("data.image.channels=3", "train.epochs=6"),
    "digits-cnn": ("data.image.channels=3", "train.epochs=6"),
    "digits-mlp": ("data.image.channels=3", "train.epochs=4"),
    "lenet5": ("data.augment.0.random_crop=1", "train.epochs=6"),
}
LITERATURE = {  # numbers of parameters, for 10 classes
    "cifar10-resnet20": 269_722,  # He et al. 2015, table 6: 0.27 M
    "lenet5": 156 + 2_416 + 48_120 + 10_164 + 850,  # LeCun et al. 1998, section II.B, C3 joined to all of S2
}
OF_CLIPS = {"clips"}  # trained in test_clips.py
each_config = pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "configs").glob("*.yaml")))


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 32x32, each class with a pattern of its own under noise."""
    return trained.pictures(tmp_path_factory.mktemp("coloured") / "pictures")


def test_every_config_is_trained() -> None:
    assert SMALL.keys() | OF_CLIPS == {path.stem for path in (ROOT / "configs").glob("*.yaml")}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_training_learns_and_its_model_predicts(
    name: str, coloured: Path, tmp_path: Path, call: Callable[..., Ended]
) -> None:
    before = tree(coloured)
    config, run = ROOT / f"configs/{name}.yaml", tmp_path / "run"
    settings = (
        f"data.train={coloured}",
        "train.batch_size=8",
        "optimizer.sgd.lr=0.03",
        "checkpoint.monitor=train_loss",
        *SMALL[name],
    )
    ended = call("fit", config, "--run-dir", run, *(part for setting in settings for part in ("--set", setting)))
    assert ended.code == 0, ended.err
    first, *_, last = csv.DictReader((run / "metrics.csv").read_text(encoding="utf-8").splitlines())
    assert float(last["train_loss"]) < 0.8 * float(first["train_loss"])
    assert float(last["train_accuracy"]) > 1.5 / CLASSES
    rows = [json.loads(line) for line in call("predict", coloured, "--model", run).out.splitlines()]
    assert len(rows) == CLASSES * trained.PICTURES_A_CLASS
    right = [row["label"] == Path(row["path"]).parent.name for row in rows]
    assert sum(right) > 1.5 / CLASSES * len(rows)
    assert tree(coloured) == before


def parameters(name: str) -> int:
    classes = 4 if name.startswith("clips") else 10  # of what each is for
    return check_shapes(read_config(ROOT / f"configs/{name}.yaml", Config, TABLES), classes).parameter_count


@pytest.mark.parametrize(("name", "count"), LITERATURE.items(), ids=LITERATURE)
def test_the_net_has_as_many_parameters_as_in_the_literature(name: str, count: int) -> None:
    assert parameters(name) == count


@each_config
def test_the_readme_says_how_many_parameters_it_has(name: str) -> None:
    (row,) = (line for line in README.splitlines() if line.startswith(f"| `configs/{name}.yaml` |"))
    assert row.split("|")[3].strip() == f"{parameters(name):,}"


@each_config
def test_a_config_is_short_and_says_what_it_is(name: str) -> None:
    lines = (ROOT / f"configs/{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) < 52
    assert max(map(len, lines)) <= 130
