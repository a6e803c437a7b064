"""A rehearsal: what one batch shows, with nothing written and no more decoded than needed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from commands import CNN, MLP, pictures, tree
from training.setting_up import document_of

from nettrain.errors import ConfigError, DataError
from nettrain.training.checkpoint import steps
from nettrain.training.estimate import step_bytes
from nettrain.training.opening import begin, named
from nettrain.training.prepare import check_shapes
from nettrain.training.rehearsal import rehearse


def test_what_one_batch_shows(small: Path) -> None:
    before = tree(small, times=True)
    found = rehearse(document_of(CNN.format(data=small), small))
    assert (found.pictures, found.classes, found.batch, found.epochs, found.steps) == (120, 10, 16, 4, 8)
    assert found.even_guess == math.log(10)
    assert 0.3 < found.loss < 10
    assert found.cache_bytes == 160 * 64
    assert found.batch_seconds > 0
    assert found.seconds == pytest.approx(4 * 120 * found.batch_seconds / 16)
    assert tree(small, times=True) == before


def test_the_loss_is_the_same_every_time(small: Path) -> None:
    first, second = (rehearse(document_of(CNN.format(data=small), small)) for _ in range(2))
    assert first.loss == second.loss


def test_only_the_pictures_of_one_batch_are_decoded(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 16, 2)
    text = MLP.format(data=data).replace("batch_size: 32", "batch_size: 2")
    files = sorted((data / "train").rglob("*.png"))
    for file in files[20:100]:
        file.write_bytes(b"")
    assert rehearse(document_of(text, tmp_path)).pictures == 120
    with pytest.raises(DataError):
        rehearse(document_of(text.replace("batch_size: 2", "batch_size: 120"), tmp_path))


def test_bad_pictures_that_are_skipped_are_not_counted(tmp_path: Path) -> None:
    """Also where the batch would have held one of them, and no other of its class."""
    data = pictures(tmp_path / "data", 16, 2)
    text = MLP.format(data=data).replace("batch_size: 32", "batch_size: 10")
    for file in sorted((data / "train/0").iterdir())[:9]:
        file.write_bytes(b"")
    with pytest.raises(DataError):
        rehearse(document_of(text, tmp_path))
    found = rehearse(document_of(text.replace("data:\n", "data:\n  on_bad_image: skip\n"), tmp_path))
    assert 111 <= found.pictures < 120


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_the_cache_counts_where_there_is_one(small: Path, cache: str) -> None:
    text = MLP.format(data=small).replace("data:\n", f"data:\n  cache: {cache}\n")
    assert rehearse(document_of(text, small)).cache_bytes == (160 * 64 if cache == "ram" else 0)


def test_the_disk_is_near_what_a_run_takes(small: Path, tmp_path: Path) -> None:
    text = MLP.format(data=small).replace("units: 16", "units: 2000")
    document = document_of(text, small)
    run = begin(named(document, "mlp.yaml"), lambda what, done, total: None, str(tmp_path / "run"))
    list(run.go())
    taken = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert len(steps(tmp_path / "run/checkpoints")) == 2
    assert rehearse(document).disk_bytes == pytest.approx(taken, rel=0.1)


def test_memory_grows_with_the_batch_and_nothing_is_allocated_to_see_it(small: Path) -> None:
    network = check_shapes(document_of(CNN.format(data=small), small), 10)
    one, many = step_bytes(network, 1), step_bytes(network, 1_000_000_001)
    assert many > 1e12
    assert step_bytes(network, 2) - one == pytest.approx((many - one) / 1e9, abs=2)


def test_a_fault_of_the_config_is_found(small: Path) -> None:
    text = MLP.format(data=small).replace("  val: {from: train, fraction: 0.25}\n", "")
    with pytest.raises(ConfigError) as caught:
        rehearse(document_of(text + "checkpoint: {monitor: val_loss}\n", small))
    assert str(caught.value) == (
        "config.yaml:11:23: checkpoint.monitor: there are no validation pictures for val_loss; set data.val"
    )
