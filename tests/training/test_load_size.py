"""Training on parts of pictures: those of train are kept larger, all that is judged is as it would be without."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import CNN, Ended, results, tree, written
from training.setting_up import Setup, document_of, prepared_for

from nettrain.data.augment.sampler import resized
from nettrain.data.cache_folder import entry_paths
from nettrain.training.probing.rehearsal import outlook

Call = Callable[..., Ended]
PARTS = CNN.replace("random_crop: {{padding: 1}}", "random_resized_crop: {{scale: [0.5, 1]}}")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def here(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    written(tmp_path, "parts.yaml", PARTS.format(data=small))
    return tmp_path


def test_training_pictures_are_kept_larger_and_batches_have_the_size(small: Path) -> None:
    prepared = prepared_for(PARTS.format(data=small), small)
    assert prepared.val is not None
    assert (prepared.train.shape, prepared.val.shape) == ((9, 9, 1), (8, 8, 1))
    assert Setup(prepared).first().images.shape == (16, 8, 8, 1)
    given = PARTS.replace("channels: 1", "channels: 1, load_size: [12, 16]").format(data=small)
    assert prepared_for(given, small).train.shape == (12, 16, 1)


def test_without_augmentation_the_whole_picture_is_brought_to_the_size(small: Path) -> None:
    """As statistics of batch norm are recomputed on them for averaged weights."""
    prepared = prepared_for(PARTS.format(data=small), small)
    batch = next(iter(prepared.batches(()).training(0)))
    assert batch.images.shape == (16, 8, 8, 1)
    whole = prepared.normalization.apply(resized(prepared.train.take(np.arange(len(prepared.train))), (8, 8)))
    assert all((image == whole).all(axis=(1, 2, 3)).any() for image in batch.images)


@pytest.mark.parametrize("more", ["ema: 0.9", "swa: 0.5", "restarts: 2", "accumulate: 2"])
def test_every_way_of_training_takes_parts(here: Path, call: Call, more: str) -> None:
    text = Path("parts.yaml").read_text().replace("batch_size: 16", f"batch_size: 16, {more}")
    written(here, "more.yaml", text)
    assert call("fit", "more.yaml", "--run-dir", "run").code == 0


def test_what_is_judged_does_not_know_of_parts(here: Path, call: Call, small: Path) -> None:
    """Evaluate on the validation pictures gives what the fit saw, and predict on a file gives evaluate's row."""
    before = tree(small, times=True)
    assert call("fit", "parts.yaml", "--run-dir", "run").code == 0
    best = json.loads(Path("run/run.json").read_text())["best"]
    fit = rows_of(Path("run/metrics.csv"))[best["epoch"] - 1]
    ended = call("evaluate", "run", "--split", "val", "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert (found["n"], found["accuracy"], repr(found["loss"])) == (40, float(fit["val_accuracy"]), fit["val_loss"])
    judged = rows_of(Path("run/evaluate/predictions_val.csv"))
    ended = call("predict", "--model", "run", *(small / "train" / row["path"] for row in judged))
    predicted = [json.loads(line) for line in ended.out.splitlines()]
    assert [(row["predicted"], row["confidence"]) for row in judged] == [
        (row["label"], repr(row["confidence"])) for row in predicted
    ]
    assert call("evaluate", "run", "--split", "train").code == 0
    assert tree(small, times=True) == before


def test_the_disk_cache_keeps_both_kinds_and_changes_no_byte(here: Path, call: Call) -> None:
    assert call("fit", "parts.yaml", "--run-dir", "ram").code == 0
    for run in ("first", "second"):
        assert call("fit", "parts.yaml", "--run-dir", run, "--set", "data.cache=disk").code == 0
        assert results(here / run) == results(here / "ram")
        assert len(entry_paths(str(here / "cache"))) == 2
    assert call("fit", "parts.yaml", "--run-dir", "none", "--set", "data.cache=none").code == 0
    assert results(here / "none") == results(here / "ram")


def test_commands_that_only_look_take_parts(here: Path, call: Call, small: Path) -> None:
    for command in ("check", "lr-find", "gradcheck"):
        ended = call(command, "parts.yaml")
        assert ended.code == 0, (command, ended.err)
    plan = outlook(document_of(PARTS.format(data=small), small))
    assert plan.cache_bytes == 120 * 81 + 40 * 64
