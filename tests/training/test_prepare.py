"""Before the first step: what is checked in which order, and what each mistake says."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from commands import MLP, pictures
from training.setting_up import document_of

from nettrain.data.split_csv import keep_splits, read_split_csv, split_csv
from nettrain.errors import DataError, NettrainError
from nettrain.training.prepare import prepare


def reported(text: str, folder: Path) -> list[str]:
    """What was going on when a preparation ended in an error, and the error."""
    seen: list[str] = []
    with pytest.raises(NettrainError) as caught:
        prepare(document_of(text, folder), lambda what, done, total: seen.append(what))
    return [*dict.fromkeys(seen), type(caught.value).__name__]


def test_mistakes_are_found_in_the_order_of_what_they_cost(tmp_path: Path) -> None:
    """Faults of the shapes, the layout, the number of classes, the monitor, a picture: each hides the next."""
    data = pictures(tmp_path / "data", 4, 2)
    (data / "train/3/bad.png").touch()
    good = MLP.format(data=data).replace("  val: {from: train, fraction: 0.25}\n", "")
    monitor = good + "checkpoint: {monitor: val_loss}\n"
    classes = monitor.replace("- dense: classes", "- dense: 7")
    layout = classes.replace(str(data), "nowhere")
    shapes = layout.replace("    - flatten\n", "")
    assert reported(shapes, tmp_path) == ["ConfigError"]
    assert reported(layout, tmp_path) == ["DataError"]
    assert reported(classes, tmp_path) == ["ConfigError"]
    assert reported(monitor, tmp_path) == ["ConfigError"]
    assert reported(good, tmp_path) == ["decoding train", "DataError"]
    (data / "train/3/bad.png").unlink()
    prepare(document_of(good, tmp_path), lambda what, done, total: None)


def test_nothing_is_allocated_before_the_pictures_are_decoded(tmp_path: Path, small: Path) -> None:
    prepared = prepare(document_of(MLP.format(data=small), small), lambda what, done, total: None)
    with pytest.raises(TypeError, match="a dry run has shapes only"):
        next(iter(prepared.network.parameters.values())).array  # noqa: B018


def test_what_a_training_needs(small: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    prepared = prepare(document_of(MLP.format(data=small), small), lambda *report: seen.append(report))
    assert (len(prepared.train), prepared.val is not None and len(prepared.val)) == (120, 40)
    assert prepared.steps_per_epoch == 4
    assert prepared.monitor == "val_accuracy"
    assert prepared.classes == tuple("0123456789")
    assert [report for report in seen if report[1] == report[2]] == [
        ("decoding train", 120, 120),
        ("decoding val", 40, 40),
        ("decoding test", 50, 50),
    ]
    assert prepared.bad == ()
    assert len(prepared.fingerprint) == 64


def test_the_fingerprint_is_of_the_pictures_not_of_the_place(tmp_path: Path, small: Path) -> None:
    def fingerprint(data: Path) -> str:
        return prepare(document_of(MLP.format(data=data), data), lambda what, done, total: None).fingerprint

    copy = pictures(tmp_path / "copy", 16, 5)
    assert fingerprint(copy) == fingerprint(small)
    one, other = sorted((copy / "train/3").iterdir())[:2]
    one.write_bytes(other.read_bytes())
    assert fingerprint(copy) != fingerprint(small)


@pytest.mark.parametrize(("monitor", "found"), [("", "val_accuracy"), ("train_loss", "train_loss")])
def test_the_monitor_is_the_one_that_is_named(small: Path, monitor: str, found: str) -> None:
    text = MLP.format(data=small) + (f"checkpoint: {{monitor: {monitor}}}\n" if monitor else "")
    assert prepare(document_of(text, small), lambda what, done, total: None).monitor == found


def test_a_resumed_run_keeps_its_pictures(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 4, 2)
    document = document_of(MLP.format(data=data), tmp_path)
    seen: list[str] = []
    before = prepare(document, lambda what, done, total: seen.append(what))
    assert [*dict.fromkeys(seen)] == ["decoding train", "decoding val", "decoding test"]
    seen.clear()
    rows = read_split_csv(split_csv(before.splits))
    (data / "train/3/new.png").write_bytes((data / "test/3").iterdir().__next__().read_bytes())
    after = prepare(document, lambda what, done, total: seen.append(what), partial(keep_splits, rows=rows))
    assert [*dict.fromkeys(seen)] == ["decoding train", "decoding val"]  # what tests was looked through at its start
    assert after.fingerprint == before.fingerprint
    assert (before.splits.later, after.splits.later) == (0, 1)
    seen.clear()
    with pytest.raises(DataError) as caught:
        prepare(document, lambda what, done, total: seen.append(what), partial(keep_splits, rows=rows, exactly=True))
    assert str(caught.value) == (
        f"{data}/train: the pictures are not those that the run was started with: "
        f"1 picture came since ({data}/train/3/new.png); put them back as they were, or start a new run"
    )
    assert seen == []  # the names alone show it
    assert prepare(document, lambda what, done, total: None).fingerprint != before.fingerprint


def test_what_another_run_has_tested_is_not_looked_through_again(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 4, 2)
    (data / "test/3/bad.png").touch()
    text = MLP.format(data=data).replace("data:\n", "data:\n  on_bad_image: skip\n")
    document, seen = document_of(text, tmp_path), list[str]()
    first = prepare(document, lambda what, done, total: seen.append(what))
    assert [(split, one.path) for split, one in first.bad] == [("test", "3/bad.png")]
    seen.clear()
    second = prepare(document, lambda what, done, total: seen.append(what), tested=first.tested)
    assert [*dict.fromkeys(seen)] == ["decoding train", "decoding val"]
    assert (second.bad, second.tested) == (first.bad, first.tested)
    (data / "test/4/new.png").touch()
    third = prepare(document, lambda what, done, total: seen.append(what), tested=first.tested)
    assert seen[-1] == "decoding test"
    assert [one.path for _, one in third.bad] == ["3/bad.png", "4/new.png"]


def test_the_warm_up_must_fit_what_is_left_of_the_pictures(tmp_path: Path) -> None:
    """Of 40 pictures 30 are bad: 20 steps become 10."""
    data = pictures(tmp_path / "data", 4, 2)
    text = MLP.format(data=data).replace("  val: {from: train, fraction: 0.25}\n", "  on_bad_image: skip\n")
    text = text.replace("batch_size: 32", "batch_size: 4") + "schedule: {constant: {warmup: 15 steps}}\n"
    prepare(document_of(text, tmp_path), lambda what, done, total: None)
    for folder in (data / "train").iterdir():
        for file in sorted(folder.iterdir())[1:]:
            file.write_bytes(b"")
    assert reported(text, tmp_path) == ["decoding train", "ConfigError"]


def test_a_fault_of_a_folder_that_the_config_names_is_at_its_line(small: Path) -> None:
    text = MLP.format(data=small / "train").replace("{from: train, fraction: 0.25}", str(small / "train"))
    with pytest.raises(DataError) as caught:
        prepare(document_of(text, small), lambda what, done, total: None)
    assert str(caught.value) == (
        "config.yaml:3:8: data.val: these are the training pictures; name another folder, or set a part aside with "
        "{from: train, fraction: 0.1}"
    )


def test_a_batch_larger_than_the_split_is_noted(small: Path) -> None:
    for size, notes in ((120, 1), (121, 2)):
        text = MLP.format(data=small).replace("batch_size: 32", f"batch_size: {size}")
        found = prepare(document_of(text, small), lambda what, done, total: None)
        assert found.steps_per_epoch == 1
        assert len(found.notes) == notes
    assert found.notes[1] == "batch_size 121 is more than the 120 pictures; each epoch is one step"
