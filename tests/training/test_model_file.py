"""The model file: everything to use a model in one file, and nothing of the place where it was trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT

from nettrain.errors import CheckpointError
from nettrain.training.model_file import OPTIMIZER, load_model, put_state
from nettrain.training.store import checkpoint


@pytest.fixture(scope="module")
def best(finished: Path) -> Path:
    return finished / "best.safetensors"


def test_a_model_alone_is_enough(best: Path, tmp_path: Path) -> None:
    shutil.copy(best, tmp_path / "m.safetensors")
    model = load_model(tmp_path / "m.safetensors")
    assert model.classes == tuple("0123456789")
    assert model.config.data.image.size == (8, 8)
    assert model.sha256 == checkpoint.load(best).sha256
    shares = model.probabilities(np.zeros((3, 8, 8, 1), np.uint8))
    assert shares.shape == (3, 10)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)


def test_it_holds_no_paths_and_no_optimizer(best: Path, small: Path) -> None:
    data = best.read_bytes()
    assert str(small).encode() not in data
    assert str(ROOT).encode() not in data
    found = checkpoint.load(best)
    assert not [name for name in found.tensors if name.startswith("optimizer")]
    assert sorted(found.meta) == ["best", "classes", "config", "normalization"]
    assert sorted(found.meta["config"]["data"]) == ["augment", "image", "labels", "normalize", "on_bad_image", "val"]


def test_a_row_does_not_depend_on_the_others(best: Path) -> None:
    model = load_model(best)
    pixels = np.random.default_rng(1).integers(0, 256, (37, 8, 8, 1), np.uint8)
    together = model.probabilities(pixels)
    assert np.array_equal(model.probabilities(pixels[::-1]), together[::-1])
    for start, stop in ((0, 1), (36, 37), (3, 11), (0, 30)):
        assert np.array_equal(model.probabilities(pixels[start:stop]), together[start:stop])


SPOILT = {
    "no config": (lambda meta: drop(meta, "config"), "('config'); train it again"),
    "no classes": (lambda meta: drop(meta, "classes"), "('classes'); train it again"),
    "no mean": (lambda meta: {**meta, "normalization": {"std": [1.0]}}, "('mean'); train it again"),
}


def drop(meta: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in meta.items() if name != key}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_parts_that_do_not_belong_together_are_one_line(best: Path, tmp_path: Path, spoilt: str) -> None:
    change, reason = SPOILT[spoilt]
    found = checkpoint.load(best)
    checkpoint.save(tmp_path / "m", change(found.meta), found.tensors)
    with pytest.raises(CheckpointError) as caught:
        load_model(tmp_path / "m")
    assert str(caught.value) == f"{tmp_path}/m: is not a model that this version can use {reason}"


def test_more_classes_than_outputs_are_one_line(best: Path, tmp_path: Path) -> None:
    found = checkpoint.load(best)
    checkpoint.save(tmp_path / "m", {**found.meta, "classes": [*found.meta["classes"], "ten"]}, found.tensors)
    with pytest.raises(CheckpointError) as caught:
        load_model(tmp_path / "m")
    name = "layers.5.bias"
    assert str(caught.value) == f"{tmp_path}/m: its tensor {name} is float32 (10,), but this model's is float32 (11,)"


def test_the_checkpoint_of_a_training_is_a_model(best: Path, finished: Path, tmp_path: Path) -> None:
    """Its optimizer is left aside; at the step of the best epoch it predicts what the best does."""
    newest = max((finished / "checkpoints").iterdir())
    found = checkpoint.load(newest)
    assert [name for name in found.tensors if name.startswith(OPTIMIZER)]
    pixels = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 1), np.uint8)
    model = load_model(newest)
    assert model.classes == load_model(best).classes
    assert model.sha256 == found.sha256
    weights = {name: tensor for name, tensor in found.tensors.items() if not name.startswith(OPTIMIZER)}
    meta = {name: found.meta[name] for name in ("classes", "config", "normalization")}
    checkpoint.save(tmp_path / "m", meta, weights)
    assert np.array_equal(model.probabilities(pixels), load_model(tmp_path / "m").probabilities(pixels))
    same = checkpoint.step_path(finished / "checkpoints", checkpoint.load(best).meta["best"]["step"])
    if same.exists():
        assert np.array_equal(load_model(same).probabilities(pixels), load_model(best).probabilities(pixels))


def test_everything_is_compared_before_anything_is_written() -> None:
    ours = {"a": np.zeros(2, np.float32), "b": np.zeros(3, np.float32)}
    with pytest.raises(CheckpointError) as caught:
        put_state(ours, {"a": np.ones(2, np.float32), "b": np.ones(4, np.float32)}, "m")
    assert str(caught.value) == "m: its tensor b is float32 (4,), but this model's is float32 (3,)"
    assert not ours["a"].any()
    put_state(ours, {"a": np.ones(2, np.float32), "b": np.ones(3, np.float32)}, "m")
    assert ours["a"].all()
    assert ours["b"].all()
