"""Every schedule at its first and last step and between, with and without warm-up, and as a user writes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

import nettrain.optim.schedules
from nettrain.config.fields import Chosen, Duration, OneOf, Record, Table
from nettrain.config.reader import read_text
from nettrain.errors import ConfigError
from nettrain.optim.schedules.constant import ConstantConfig
from nettrain.optim.schedules.cosine import CosineConfig
from nettrain.optim.schedules.step import StepConfig
from nettrain.optim.schedules.table import SCHEDULE_ALIASES, SCHEDULES, make
from nettrain.optim.schedules.warmup import steps_of

EPOCH = 5  # steps
WARMUP = Duration(4, "steps")


def factors(kind: str, settings: Record, total: int) -> list[float]:
    factor = make(Chosen(kind, settings), total, EPOCH)
    return [factor(step, ()) for step in range(total)]


def test_constant() -> None:
    assert factors("constant", ConstantConfig(), 3) == [1, 1, 1]
    assert factors("constant", ConstantConfig(warmup=WARMUP), 6) == [0.25, 0.5, 0.75, 1, 1, 1]


def test_step() -> None:
    settings = StepConfig(every=Duration(1, "epochs"), gamma=0.5)
    assert factors("step", settings, 12) == [1] * 5 + [0.5] * 5 + [0.25] * 2


def test_the_intervals_of_step_count_the_warm_up() -> None:
    settings = StepConfig(every=Duration(3, "steps"), gamma=0.1, warmup=WARMUP)
    assert factors("step", settings, 7) == pytest.approx([0.25, 0.5, 0.75, 0.1, 0.1, 0.1, 0.01])


def test_cosine() -> None:
    found = factors("cosine", CosineConfig(), 8)
    assert found == pytest.approx([(1 + math.cos(math.pi * step / 8)) / 2 for step in range(8)])
    assert found[0] == 1
    assert found[4] == pytest.approx(0.5)
    assert found[7] > 0  # the step after the last would have 0


def test_cosine_after_a_warm_up_with_a_final_fraction() -> None:
    found = factors("cosine", CosineConfig(warmup=WARMUP, final=0.2), 8)
    down = [0.2 + 0.8 * (1 + math.cos(math.pi * share)) / 2 for share in (0, 1 / 4, 2 / 4, 3 / 4)]
    assert found == pytest.approx([0.25, 0.5, 0.75, 1, *down])
    assert found[4] == 1
    beyond = make(Chosen("cosine", CosineConfig(warmup=WARMUP, final=0.2)), 8, EPOCH)
    assert [beyond(step, ()) for step in (8, 9, 100)] == pytest.approx([0.2, 0.2, 0.2])


@pytest.mark.parametrize(
    "settings", [ConstantConfig(warmup=WARMUP), StepConfig(every=Duration(9, "epochs"), warmup=WARMUP)]
)
def test_a_warm_up_may_be_the_whole_training(settings: Record) -> None:
    kind = "constant" if isinstance(settings, ConstantConfig) else "step"
    assert factors(kind, settings, 4) == [0.25, 0.5, 0.75, 1]
    assert factors("cosine", CosineConfig(warmup=WARMUP), 4) == [0.25, 0.5, 0.75, 1]


def test_a_warm_up_longer_than_the_training_is_an_error() -> None:
    chosen = Chosen("cosine", CosineConfig(warmup=Duration(2, "epochs")), "schedule")
    with pytest.raises(ConfigError) as caught:
        make(chosen, 9, EPOCH)
    assert str(caught.value) == (
        "schedule.cosine.warmup: must not be longer than the training of 9 steps, got 10 steps"
    )


@pytest.mark.parametrize(
    ("duration", "steps"),
    [
        (Duration(0, "steps"), 0),
        (Duration(7, "steps"), 7),
        (Duration(2, "epochs"), 10),
        (Duration(0.5, "epochs"), 2),
        (Duration(0.7, "epochs"), 4),
        (Duration(0.01, "epochs"), 1),
        (Duration(0, "epochs"), 0),
    ],
)
def test_durations_in_steps(duration: Duration, steps: int) -> None:
    assert steps_of(duration, EPOCH) == steps


# as written


@dataclass(frozen=True)
class Root(Record):
    schedule: Annotated[Chosen, OneOf("schedules")]


TABLES = {"schedules": Table({kind: row[0] for kind, row in SCHEDULES.items()}, SCHEDULE_ALIASES)}


def read(text: str) -> Chosen:
    return read_text(f"schedule: {text}\n", "c.yaml", Root, TABLES, "/").config.schedule


def test_settings_are_read() -> None:
    assert read("constant") == Chosen("constant", ConstantConfig())
    assert read("cosine_decay") == Chosen("cosine", CosineConfig())
    assert read("{cosine: {warmup: 1 epochs, alpha: 0.1}}") == Chosen(
        "cosine", CosineConfig(warmup=Duration(1, "epochs"), final=0.1)
    )
    assert read("{step: 30 epochs}") == Chosen("step", StepConfig(every=Duration(30, "epochs")))
    assert read("{step_lr: {step_size: 3 steps, gamma: 1}}") == Chosen(
        "step", StepConfig(every=Duration(3, "steps"), gamma=1)
    )


BAD = [
    (
        "{cosine: {warmup: 30 s}}",
        "c.yaml:1:29: schedule.cosine.warmup: expected steps or epochs, got 30 seconds; "
        "a schedule may not depend on time",
    ),
    (
        "{step: 5m}",
        "c.yaml:1:18: schedule.step.every: expected steps or epochs, got 300 seconds; "
        "a schedule may not depend on time",
    ),
    ("{step: 0 steps}", "c.yaml:1:18: schedule.step.every: must be above 0, got 0 steps"),
    ("{step: {every: 1 steps, gamma: 2}}", "c.yaml:1:42: schedule.step.gamma: must be above 0 and at most 1, got 2"),
    ("{cosine: {final: 1}}", "c.yaml:1:28: schedule.cosine.final: must be at least 0 and below 1, got 1"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_settings_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value) == message


def test_the_table_equals_the_files() -> None:
    (folder,) = nettrain.optim.schedules.__path__
    assert {path.stem for path in Path(folder).glob("*.py")} - {"__init__", "table", "warmup"} == set(SCHEDULES)
    for kind, (record, schedule) in SCHEDULES.items():
        assert record.__module__ == schedule.__module__ == f"nettrain.optim.schedules.{kind}"
    assert set(SCHEDULE_ALIASES.values()) <= set(SCHEDULES)
    assert not set(SCHEDULE_ALIASES) & set(SCHEDULES)
