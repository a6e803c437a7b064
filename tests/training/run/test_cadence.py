"""When a checkpoint is due, which are regular, and which two are kept."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from nettrain.config.fields import Duration
from nettrain.training.run.cadence import Cadence
from nettrain.training.store import checkpoint

STEPS_PER_EPOCH = 3


def due(every: Duration, steps: int = 9) -> list[int]:
    cadence = Cadence(every, STEPS_PER_EPOCH)
    return [step for step in range(steps + 1) if cadence.is_due(step, last=False)]


@pytest.mark.parametrize(
    ("every", "steps"),
    [
        (Duration(1, "steps"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (Duration(2, "steps"), [0, 2, 4, 6, 8]),
        (Duration(4, "steps"), [0, 4, 8]),
        (Duration(100, "steps"), [0]),
        (Duration(1, "epochs"), [0, 3, 6, 9]),
        (Duration(2, "epochs"), [0, 6]),
    ],
    ids=str,
)
def test_steps_and_epochs_count_from_the_start_of_the_training(every: Duration, steps: list[int]) -> None:
    assert due(every) == steps
    cadence = Cadence(every, STEPS_PER_EPOCH)
    assert [step for step in range(10) if cadence.is_regular(step)] == steps


def test_the_end_is_always_due() -> None:
    for every in (Duration(4, "steps"), Duration(2, "epochs"), Duration(1e9, "seconds")):
        assert Cadence(every, STEPS_PER_EPOCH).is_due(7, last=True)


def test_seconds_count_from_the_last_save(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    cadence = Cadence(Duration(60, "seconds"), STEPS_PER_EPOCH)
    clock = 1059.9
    assert not cadence.is_due(5, last=False)
    clock = 1060.0
    assert cadence.is_due(6, last=False)
    cadence.saved()
    assert not cadence.is_due(7, last=False)
    clock = 1120.0
    assert cadence.is_due(8, last=False)


def test_a_save_by_the_clock_is_a_regular_one() -> None:
    assert all(map(Cadence(Duration(60, "seconds"), STEPS_PER_EPOCH).is_regular, range(10)))


@pytest.mark.parametrize(
    ("there", "step", "left"),
    [
        ([0], 2, [0, 2]),
        ([0, 2], 4, [2, 4]),
        ([0, 2], 3, [2, 3]),  # 3 is a signal's
        ([2, 3], 4, [2, 4]),
        ([2, 3], 5, [2, 5]),
        ([2, 4, 5], 6, [4, 6]),
        ([2, 4, 9], 6, [4, 6, 9]),  # 9 was passed over, and stays
        ([3], 5, [5]),
        ([], 0, [0]),
    ],
)
def test_beside_the_newest_one_regular_checkpoint_is_kept(
    tmp_path: Path, there: list[int], step: int, left: list[int]
) -> None:
    for one in [*there, step]:
        checkpoint.step_path(tmp_path, one).touch()
    (tmp_path / "notes.txt").touch()
    checkpoint.prune(tmp_path, step, Cadence(Duration(2, "steps"), STEPS_PER_EPOCH).is_regular)
    assert sorted(checkpoint.steps(tmp_path)) == left
    assert (tmp_path / "notes.txt").exists()


@pytest.mark.parametrize("every", [Duration(60, "seconds"), Duration(5, "steps")], ids=str)
def test_a_checkpoint_that_was_passed_over_is_no_spare(every: Duration) -> None:
    cadence = Cadence(every, 10)
    assert cadence.is_regular(20)
    cadence.damaged.add(20)
    assert not cadence.is_regular(20)
    assert cadence.is_regular(25)
