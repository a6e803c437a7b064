"""A rehearsal: what one batch shows, with nothing written and no more decoded than needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import CNN, MLP, pictures, tree
from training.setting_up import document_of

from nettrain.errors import ConfigError, DataError, Diverged, EnvironmentFault
from nettrain.training.prepare import check_shapes
from nettrain.training.probing.rehearsal import one_batch, outlook
from nettrain.training.run.opening import begin, named
from nettrain.training.store.checkpoint import steps


def test_what_one_batch_shows(small: Path) -> None:
    before = tree(small, times=True)
    plan = outlook(document_of(CNN.format(data=small), small))
    assert (plan.pictures, len(plan.splits.classes), plan.batch, plan.steps) == (120, 10, 16, 8)
    assert plan.cache_bytes == 160 * 64
    found = one_batch(plan)
    assert 0.3 < found.loss < 10
    assert found.images_per_second > 0
    assert tree(small, times=True) == before


def test_the_loss_is_the_same_every_time(small: Path) -> None:
    first, second = (one_batch(outlook(document_of(CNN.format(data=small), small))) for _ in range(2))
    assert first.loss == second.loss


def test_no_picture_is_read_for_the_outlook_and_one_batch_of_them_after(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 16, 2)
    text = MLP.format(data=data).replace("batch_size: 32", "batch_size: 2")
    files = sorted((data / "train").rglob("*.png"))
    for file in files[20:100]:
        file.write_bytes(b"")
    plan = outlook(document_of(text, tmp_path))
    assert plan.pictures == 120
    one_batch(plan)
    plan = outlook(document_of(text.replace("batch_size: 2", "batch_size: 120"), tmp_path))
    with pytest.raises(DataError):
        one_batch(plan)


@pytest.mark.parametrize("size", [1, 2, 10, 1000])
def test_bad_pictures_that_are_skipped_are_no_part_of_the_batch(tmp_path: Path, size: int) -> None:
    """Also where it would have held one of them, and no other of its class."""
    data = pictures(tmp_path / "data", 16, 2)
    text = MLP.format(data=data).replace("batch_size: 32", f"batch_size: {size}")
    text = text.replace("  val: {from: train, fraction: 0.25}\n", "  on_bad_image: skip\n")
    for file in sorted((data / "train/0").iterdir())[:15]:
        file.write_bytes(b"")
    one_batch(outlook(document_of(text, tmp_path)))
    with pytest.raises(DataError):
        one_batch(outlook(document_of(text.replace("skip", "error"), tmp_path)))


def test_a_class_without_a_readable_picture_is_an_error_as_for_fit(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 4, 2)
    text = MLP.format(data=data).replace("  val: {from: train, fraction: 0.25}\n", "  on_bad_image: skip\n")
    for file in (data / "train/3").iterdir():
        file.write_bytes(b"")
    plan = outlook(document_of(text, tmp_path))
    with pytest.raises(DataError) as caught:
        one_batch(plan)
    first = sorted(file.name for file in (data / "train/3").iterdir())[0]
    why = f"the first, '3/{first}': the file is empty (0 bytes)"
    assert str(caught.value) == f"{data}/train: 3: no readable picture of this class is left in train; {why}"


def test_a_warm_up_longer_than_what_is_left_of_the_pictures(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 4, 2)
    text = MLP.format(data=data).replace("  val: {from: train, fraction: 0.25}\n", "  on_bad_image: skip\n")
    text = text.replace("batch_size: 32", "batch_size: 4") + "schedule: {constant: {warmup: 15 steps}}\n"
    for folder in (data / "train").iterdir():
        for file in sorted(folder.iterdir())[1:]:
            file.write_bytes(b"")
    plan = outlook(document_of(text, tmp_path))
    with pytest.raises(ConfigError):
        one_batch(plan)


def test_a_batch_that_diverges_is_told_as_in_a_training(small: Path) -> None:
    text = MLP.format(data=small).replace("model:\n", "model:\n  init: {normal: 1e30}\n")
    plan = outlook(document_of(text, small))
    with pytest.raises(Diverged) as caught:
        one_batch(plan)
    assert str(caught.value).startswith("diverged at step 1 of epoch 1: ")


def test_a_cache_larger_than_half_of_the_memory_is_refused_as_by_fit(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """120 pictures of 64 bytes, then 40 out of what is left."""
    document = document_of(MLP.format(data=small), small)
    for free, line in (
        (
            2 * 120 * 64 - 1,
            "data.cache: 120 pictures take 0.0 MB, more than half of the 0.0 MB of memory that are free",
        ),
        (2 * 120 * 64, None),
    ):
        monkeypatch.setattr("nettrain.data.cache.free_memory", lambda free=free: free)
        if line is None:
            assert outlook(document).cache_bytes == 160 * 64
            continue
        with pytest.raises(EnvironmentFault) as caught:
            outlook(document)
        smaller = "a smaller data.image.size, or data.image.load_size where it is set"
        assert str(caught.value) == f"{line}; set data.cache: disk, or {smaller}"
    text = MLP.format(data=small).replace("data:\n", "data:\n  cache: none\n")
    monkeypatch.setattr("nettrain.data.cache.free_memory", lambda: 0)
    assert outlook(document_of(text, small)).cache_bytes == 0


def test_a_batch_larger_than_the_split_is_noted(small: Path) -> None:
    plan = outlook(document_of(MLP.format(data=small).replace("batch_size: 32", "batch_size: 121"), small))
    assert plan.notes[1:] == ("batch_size 121 is more than the 120 pictures; each epoch is one step",)


def test_a_step_of_several_batches(small: Path) -> None:
    text = CNN.format(data=small).replace("batch_size: 16", "batch_size: 16, accumulate: 3")
    plan = outlook(document_of(text, small))
    assert (plan.batch, plan.steps) == (16, 3)
    assert plan.notes[1:] == ()
    plan = outlook(document_of(text.replace("accumulate: 3", "accumulate: 8"), small))
    assert plan.notes[1:] == ("8 batches of 16 are more than the 120 pictures; each epoch is one step",)


def test_averages_trials_and_what_may_be_gone_back_to_are_counted(small: Path) -> None:
    def plan(train: str) -> tuple[int, int]:
        document = document_of(CNN.format(data=small).replace("batch_size: 16", f"batch_size: 16{train}"), small)
        found = outlook(document)
        return found.memory_bytes, found.disk_bytes

    memory, disk = plan("")
    weights = 4 * check_shapes(document_of(CNN.format(data=small), small), 10).parameter_count
    for train, more in (
        (", ema: 0.9", 1),
        (", swa: 0.5", 1),
        (", on_nan: rollback", 2),
        (", ema: 0, on_nan: rollback", 4),
    ):
        assert plan(train)[0] - memory == more * weights, train
        assert plan(train)[1] - disk == 2 * more * weights, train
    assert plan(", restarts: 3")[1] - disk == 3 * 8 * 110


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_the_cache_counts_where_there_is_one(small: Path, cache: str) -> None:
    text = MLP.format(data=small).replace("data:\n", f"data:\n  cache: {cache}\n")
    assert outlook(document_of(text, small)).cache_bytes == (160 * 64 if cache == "ram" else 0)


def test_the_disk_is_near_what_a_run_takes(small: Path, tmp_path: Path) -> None:
    text = MLP.format(data=small).replace("units: 16", "units: 2000")
    document = document_of(text, small)
    run = begin(named(document, "mlp.yaml"), lambda what, done, total: None, str(tmp_path / "run"))
    list(run.go())
    taken = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert len(steps(tmp_path / "run/checkpoints")) == 2
    assert outlook(document).disk_bytes == pytest.approx(taken, rel=0.1)


def test_a_fault_of_the_config_is_found(small: Path) -> None:
    text = MLP.format(data=small).replace("  val: {from: train, fraction: 0.25}\n", "")
    with pytest.raises(ConfigError) as caught:
        outlook(document_of(text + "checkpoint: {monitor: val_loss}\n", small))
    assert str(caught.value) == (
        "config.yaml:11:23: checkpoint.monitor: there are no validation pictures for val_loss; set data.val"
    )
