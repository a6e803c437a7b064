"""The two sides of the accuracy benchmark train the same recipe."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest
from commands import ROOT

from benchmarks.accuracy import RECIPES, Point, peers_arguments, table
from benchmarks.models import MODELS
from nettrain.arrays.flat import Flat
from nettrain.config.reader import read_config, read_text
from nettrain.model.network import ModelConfig, build_network
from nettrain.optim.muon import Muon, MuonConfig
from nettrain.optim.schedules.table import make
from nettrain.optim.schedules.warmup import Course
from nettrain.training.config import TABLES, Config

each_recipe = pytest.mark.parametrize("recipe", [name for name in RECIPES if (ROOT / f"configs/{name}.yaml").exists()])


def recipe_script() -> ModuleType:
    """The script of the PyTorch user as a module."""
    pytest.importorskip("torch", reason="the peer is not installed; `make bench` installs it")
    folder = ROOT / "benchmarks" / "peers"
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("torch_recipe", folder / "torch_recipe.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def config_of(recipe: str) -> Config:
    return read_config(ROOT / "configs" / f"{recipe}.yaml", Config, TABLES).config


@each_recipe
def test_the_recipe_is_the_model_that_the_peer_trains(recipe: str) -> None:
    ours = build_network(config_of(recipe).model, (32, 32, 3), 10)
    case = MODELS[RECIPES[recipe]]
    theirs = build_network(read_text(case.model, "m", ModelConfig, TABLES, ".").config, case.shape, case.classes)
    assert [p.shape for p in ours.parameters.values()] == [p.shape for p in theirs.parameters.values()]


@each_recipe
def test_the_learning_rates_are_the_same_at_every_step(recipe: str) -> None:
    config, factor = config_of(recipe), recipe_script().factor
    steps = 5
    schedule = make(config.schedule, Course(config.train.epochs * steps, steps))
    for step in range(config.train.epochs * steps):
        assert schedule(step, ()) == pytest.approx(factor(step, steps, config.train.epochs * steps))


@each_recipe
def test_the_peer_is_told_the_numbers_of_the_recipe(recipe: str) -> None:
    config = config_of(recipe)
    arguments = peers_arguments(recipe, None)
    told = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert (told["--epochs"], told["--batch"]) == (str(config.train.epochs), str(config.train.batch_size))
    settings = config.optimizer.settings
    assert told["--optimizer"] == config.optimizer.kind
    assert settings.nesterov
    if config.optimizer.kind == "sgd":
        assert settings.momentum == 0.9
    else:
        inner = settings.adamw
        assert (settings.momentum, settings.iterations) == (0.95, 5)
        assert (inner.betas, inner.epsilon, told["--adamw-lr"]) == ((0.9, 0.95), 1e-8, str(inner.lr))
        assert inner.match == (f"layers.{len(config.model.layers) - 1}.*",)
    assert (told["--lr"], settings.no_decay) == (str(settings.lr), ("*.bias", "*.norm.*"))
    assert float(told["--weight-decay"]) == config.optimizer.settings.weight_decay
    assert [chosen.kind for chosen in config.data.augment] == ["random_crop", "random_horizontal_flip"]
    assert peers_arguments(recipe, 2)[1] == "2"


def test_the_peers_muon_moves_filters_as_ours_does() -> None:
    script = recipe_script()
    import torch

    def theirs_of(numbers: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(numbers).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)

    noise, shape = np.random.default_rng(1), (3, 3, 8, 5)
    weights, gradients = Flat({"filters": shape}), Flat({"filters": shape})
    first = weights.views["filters"][:] = noise.normal(size=shape).astype(np.float32)
    ours = Muon(MuonConfig(lr=0.02, weight_decay=0.1), weights)
    filters = torch.nn.Parameter(theirs_of(first))
    theirs = script.muon([filters], argparse.Namespace(lr=0.02, weight_decay=0.1))
    for _ in range(3):
        gradient = gradients.views["filters"][:] = noise.normal(size=shape).astype(np.float32)
        filters.grad = theirs_of(gradient)
        ours.step(gradients, 0.02)
        theirs.step()
    found = filters.detach().permute(2, 3, 1, 0).numpy()
    np.testing.assert_allclose(found, weights.views["filters"], atol=2e-3)  # theirs iterates in bfloat16
    assert abs(found - first).max() > 0.02


def test_pictures_are_moved_within_a_black_frame_and_flipped() -> None:
    script = recipe_script()
    import torch

    torch.manual_seed(1)
    picture = torch.arange(1, 10, dtype=torch.uint8).view(1, 1, 3, 3).repeat(200, 2, 1, 1)
    found = script.moved(picture).numpy()
    assert found.shape == (200, 2, 3, 3)
    framed = np.pad(np.arange(1, 10).reshape(3, 3), script.PAD)
    cuts = {framed[r : r + 3, c : c + 3].tobytes() for r in range(9) for c in range(9)}
    mirrored = {framed[r : r + 3, c : c + 3][:, ::-1].tobytes() for r in range(9) for c in range(9)}
    seen = [cut.astype(np.int64).tobytes() for cut in found[:, 0]]
    assert all(cut in cuts | mirrored for cut in seen)
    assert 30 < sum(cut in mirrored - cuts for cut in seen) < 170
    assert np.array_equal(found[:, 0], found[:, 1])


def test_the_table_has_a_row_an_epoch() -> None:
    curves = {"nettrain": [Point(1, 9.6, 1.25, 0.5)], "torch": [Point(1, 20.2, 1.5, 0.25)]}
    assert table("small", curves).splitlines() == [
        "small",
        "epoch  nettrain accuracy   loss  seconds     torch accuracy   loss  seconds",
        "    1             0.5000  1.250       10             0.2500  1.500       20",
    ]
