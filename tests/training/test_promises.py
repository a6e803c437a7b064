"""The promises that hold the whole together: derivatives of a shipped config, and equal bytes for equal work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, Ended, process, results, site

from nettrain.autograd.backward import backward
from nettrain.autograd.tensor import Graph
from nettrain.config.reader import read_config
from nettrain.data.batches import Batches
from nettrain.model.layer import Pass
from nettrain.ops.mean import mean
from nettrain.training.config import TABLES, Config
from nettrain.training.loop.objective import training_loss
from nettrain.training.prepare import prepare

Call = Callable[..., Ended]
NOW = Pass(True, 1, 2, 3, 0)
STEP = 1e-6


class Landscape:
    """The training loss of a shipped config on its first batch, as a function of all weights, in float64."""

    def __init__(self, name: str) -> None:
        document = read_config(ROOT / "configs" / name, Config, TABLES)
        prepared = prepare(document, lambda what, done, total: None)
        config, self.network = prepared.config, prepared.network
        self.weights = self.network.materialise(config.seed, np.float64)
        for layer, parameter in self.network.parameters.items():  # away from 0 and 1, where some terms vanish
            if not layer.endswith("weight") or "norm" in layer:
                parameter.array[...] += np.random.default_rng(5).normal(size=parameter.array.shape) / 5
        batches = Batches(prepared.train, 16, config.seed, prepared.normalization, config.data.augment)
        batch = next(iter(batches.training(NOW.epoch)))
        self.images, self.labels = batch.images.astype(np.float64), batch.labels
        self.loss = training_loss(config.loss)

    def value(self) -> float:
        graph = Graph()
        return float(mean(self.loss(self.network(graph.input(self.images), NOW), self.labels)).array)

    def gradients(self) -> dict[str, np.ndarray]:
        graph = Graph()
        value = mean(self.loss(self.network(graph.input(self.images), NOW), self.labels))
        return {leaf.name: gradient.copy() for leaf, gradient in backward(value).items()}

    def slope(self, directions: dict[str, np.ndarray]) -> float:
        """By central difference, along all these directions at once."""
        start = self.weights.array.copy()
        values = []
        for sign in (1, -1):
            for name, direction in directions.items():
                self.weights.views[name][...] += sign * STEP * direction
            values.append(self.value())
            self.weights.array[...] = start
        return (values[0] - values[1]) / (2 * STEP)


@pytest.fixture(scope="module", params=["digits-cnn.yaml", "digits-mlp.yaml"])
def landscape(request: pytest.FixtureRequest) -> Landscape:
    return Landscape(request.param)


def test_the_gradient_of_a_whole_config_is_right(landscape: Landscape) -> None:
    """Batch norm in training, dropout, augmentation and all, along random directions and along those of each tensor."""
    gradients = landscape.gradients()
    assert set(gradients) == set(landscape.network.parameters)
    random = np.random.default_rng(11)
    tries = [{name: random.normal(size=g.shape) for name, g in gradients.items()} for _ in range(3)]
    tries += [{name: g / np.linalg.norm(g)} for name, g in gradients.items()]
    tries += [{name: random.normal(size=g.shape)} for name, g in gradients.items()]
    for directions in tries:
        expected = sum(float((gradients[name] * direction).sum()) for name, direction in directions.items())
        assert landscape.slope(directions) == pytest.approx(expected, rel=1e-6, abs=1e-8), list(directions)


def test_the_loss_is_a_pure_function(landscape: Landscape) -> None:
    state = {name: array.tobytes() for name, array in landscape.network.state().items()}
    assert landscape.value() == landscape.value()
    assert {name: array.tobytes() for name, array in landscape.network.state().items()} == state


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shipped configs, and a run of digits-cnn by a process of its own, with one thread."""
    folder = site(tmp_path_factory.mktemp("promises"))
    shipped = ("fit", "configs/digits-cnn.yaml", "--epochs", "2")
    ended = process(*shipped, "--threads", "1", "--run-dir", "one", cwd=folder, PYTHONHASHSEED="1")
    assert ended.code == 0, ended.err
    return folder


@pytest.mark.parametrize("threads", ["1", "2", "3"])
def test_a_shipped_config_gives_the_same_bytes_for_any_number_of_threads(
    here: Path, call: Call, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    monkeypatch.chdir(here)
    run = f"run-{threads}"
    assert call("fit", "configs/digits-cnn.yaml", "--epochs", "2", "--threads", threads, "--run-dir", run).code == 0
    assert results(here / run) == results(here / "one")


def test_a_process_repeats_the_bytes_of_another(here: Path) -> None:
    """Another folder, another hash seed, another clock: nothing of that is in the results."""
    shutil.copy(here / "one/config.resolved.yaml", here / "again.yaml")
    ended = process("fit", "again.yaml", "--run-dir", "again", cwd=here, PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert ended.code == 0, ended.err
    assert results(here / "again") == results(here / "one")


@pytest.mark.parametrize("name", ["metrics.csv", "events.jsonl", "best.safetensors", "checkpoints"])
def test_results_hold_nothing_of_their_surroundings(here: Path, name: str) -> None:
    path = here / "one" / name
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for file in files:
        data = file.read_bytes()
        for word in (str(here), str(ROOT), "threads", "cache"):
            assert word.encode() not in data, (file, word)
