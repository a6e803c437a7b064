"""Power loss, failed calls, full disks, little memory, damage, NaN: each promise on a few cases, each defect seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import calls, disks, flips, pictures, planted, scale
from faults.forked import workplace_in_memory
from faults.reference import Figures, Reference

PLANTED = [  # what is seen soon, of every kind; the others by ``make faults``
    "a short write is taken as whole",
    "an interruption is a fault",
    "an older checkpoint is used without a word",
    "leftovers are not swept",
    "not saved at a signal",
    "the lock is not taken",
    "a thread that cannot start is a bug",
]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in memory: a sync takes no time there."""
    with workplace_in_memory() as place:
        yield place


@pytest.fixture(scope="module")
def reference(folder: Path) -> Reference:
    """The reference training, run once."""
    reference = Reference(folder / "reference")
    assert reference.expected
    return reference


def hold(figures: Figures) -> None:
    """What was tried held; what cannot be tried here is skipped."""
    if figures.skipped:
        pytest.skip(figures.skipped)
    assert figures.promise_held, figures


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_defect_is_caught(reference: Reference, name: str) -> None:
    """That the same checks hold where nothing is planted is shown by ``make faults``, and by the tests below."""
    defect = planted.DEFECTS[name]
    assert planted.failed(reference, defect.check, defect.plant)


def test_failed_calls_of_every_kind(reference: Reference, tmp_path: Path) -> None:
    for scene in calls.scenes(reference, tmp_path):
        hold(calls.stood_in(scene, tmp_path / "run", 6))


def test_the_stand_in_misses_no_call(reference: Reference, tmp_path: Path) -> None:
    hold(calls.compared(reference, tmp_path))


def test_full_and_read_only_disks() -> None:
    for figures in disks.mounted(4):
        hold(figures)


def test_other_outputs_that_take_nothing(reference: Reference, tmp_path: Path) -> None:
    hold(disks.file_sizes(reference, tmp_path, 2))
    hold(disks.devices(reference, tmp_path))


def test_hostile_pictures(tmp_path: Path, reference: Reference) -> None:
    for figures in pictures.hostile_files(tmp_path, 500):
        hold(figures)
    hold(pictures.by_predict(reference, tmp_path, 40))


def test_a_picture_at_the_cap_takes_the_memory_that_it_may(tmp_path: Path) -> None:
    hold(pictures.at_the_cap(tmp_path, 0.1))


def test_a_flipped_bit_is_found(tmp_path: Path, reference: Reference) -> None:
    for kind in flips.PICTURES:
        hold(flips.of_a_picture(tmp_path, kind, 0.02))
    for name in flips.SOURCES:
        hold(flips.of_a_source(tmp_path, name, 40))
    hold(flips.of_a_fit(reference, tmp_path, 3))


def test_the_flipper_finds_a_manifest_that_is_not_compared(tmp_path: Path) -> None:
    def nothing(path: str, pictures: object) -> None:
        pass

    assert ".png was not found" in flips.of_a_picture(tmp_path, "BMP", 0.02, nothing).failures[0]
    assert "is not found" in flips.of_a_source(tmp_path, "idx", 40, check=nothing).failures[0]


def test_many_files_are_listed(tmp_path: Path) -> None:
    for figures in scale.listed(tmp_path, 10_000):
        hold(figures)


def test_pictures_stream_through_the_disk_cache(tmp_path: Path) -> None:
    hold(scale.streamed(tmp_path, 2 * scale.FEW))


def test_a_long_training_keeps_its_descriptors_and_its_memory(tmp_path: Path) -> None:
    hold(scale.long_training(tmp_path, 1_200))
