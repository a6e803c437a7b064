"""Epochs and schedules added to a run: what they mean, what is refused, and that a checkpoint keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from commands import MLP
from training.setting_up import document_of

from nettrain.errors import ConfigError
from nettrain.optim.schedules.table import SCHEDULES as KINDS
from nettrain.training.config import Config
from nettrain.training.run.lineage import Lineage
from nettrain.training.store import json_text

STEPS = 10  # an epoch
LR = 0.1
ENDING = {"cosine", "onecycle", "polynomial"}
SCHEDULES = {
    **{kind: f"{kind}: {{}}" for kind in ("constant", "cosine", "onecycle", "polynomial", "plateau")},
    "step": "step: {every: 1 epochs, gamma: 0.5}",
    "multistep": "multistep: [1 epochs]",
    "exponential": "exponential: 0.5",
    "cosine_restarts": "cosine_restarts: 1 epochs",
}


def config(schedule: str) -> Config:
    """Two epochs at a learning rate of 0.1."""
    return document_of(MLP.format(data="data") + f"schedule: {{{schedule}}}\n", Path("/")).config


def rates(lineage: Lineage, config: Config, steps: int) -> list[float]:
    rate = lineage.learning_rate(config, STEPS, "val_accuracy")
    return [rate(step, []) for step in range(steps)]


def refused(lineage: Lineage, config: Config, epochs: int, schedule: str | None = None) -> str:
    before = asdict(lineage)
    with pytest.raises(ConfigError) as caught:
        lineage.extend(config, STEPS, epochs, schedule)
    assert asdict(lineage) == before
    return str(caught.value)


def test_without_extensions_the_config_holds() -> None:
    cosine = config("cosine: {}")
    assert Lineage().epochs(cosine) == 2
    assert Lineage().schedule(cosine) == cosine.schedule
    assert rates(Lineage(), cosine, 20)[0] == LR


def test_a_schedule_that_does_not_end_goes_on() -> None:
    steps, lineage = config("step: {every: 1 epochs, gamma: 0.5}"), Lineage()
    before = rates(lineage, steps, 20)
    lineage.extend(steps, STEPS, 4, None)
    assert lineage.epochs(steps) == 4
    after = rates(lineage, steps, 40)
    assert after[:20] == before
    assert after[::10] == pytest.approx([LR, LR / 2, LR / 4, LR / 8])


def test_a_new_schedule_counts_its_steps_from_where_it_begins() -> None:
    cosine, lineage = config("cosine: {}"), Lineage()
    before = rates(lineage, cosine, 20)
    lineage.extend(cosine, STEPS, 4, "cosine: {final: 0.5}")
    after = rates(lineage, cosine, 40)
    assert after[:20] == before
    assert after[20] == LR
    assert after[39] == pytest.approx(LR * 0.5, abs=LR * 0.01)
    assert all(after[i] > after[i + 1] for i in range(20, 39))


def test_a_warm_up_begins_where_its_schedule_does() -> None:
    cosine, lineage = config("cosine: {}"), Lineage()
    lineage.extend(cosine, STEPS, 4, "constant: {warmup: 5 steps}")
    after = rates(lineage, cosine, 40)
    assert after[:20] == rates(Lineage(), cosine, 20)  # the epochs that it had keep their own
    assert after[20] < after[22] < after[24] <= LR
    assert after[25:] == [LR] * 15


def test_a_plateau_goes_by_the_direction_of_what_is_monitored() -> None:
    plateau = config("plateau: {patience: 0, factor: 0.5}")
    better, worse = [0.1, 0.2, 0.3], [0.3, 0.2, 0.1]
    for monitor, history, expected in [
        ("val_accuracy", better, LR),
        ("val_accuracy", worse, LR / 4),
        ("train_loss", better, LR / 4),
        ("val_loss", worse, LR),
    ]:
        assert Lineage().learning_rate(plateau, STEPS, monitor)(30, history) == expected, monitor


def test_a_plateau_that_is_added_looks_only_at_the_epochs_after_it() -> None:
    constant, lineage = config("constant: {}"), Lineage()
    lineage.extend(constant, STEPS, 6, "plateau: {patience: 0, factor: 0.5}")
    rate = lineage.learning_rate(constant, STEPS, "val_accuracy")
    history = [0.9, 0.5, 0.5, 0.6, 0.6]  # the first two are from before
    assert [rate(10 * epoch, history[:epoch]) for epoch in range(6)] == [LR, LR, LR, LR, LR, LR / 2]


def test_the_same_extension_asked_for_again_is_made_once() -> None:
    cosine, lineage = config("cosine: {}"), Lineage()
    for _ in range(2):
        lineage.extend(cosine, STEPS, 4, "constant")
    assert len(lineage.extensions) == 1
    assert "must be more than the 4 epochs" in refused(lineage, cosine, 4, "cosine")


def test_a_run_may_be_extended_again_and_again() -> None:
    cosine, lineage = config("cosine: {}"), Lineage()
    lineage.extend(cosine, STEPS, 4, "constant")
    lineage.extend(cosine, STEPS, 6, None)
    lineage.extend(cosine, STEPS, 8, "cosine")
    assert lineage.epochs(cosine) == 8
    after = rates(lineage, cosine, 80)
    assert after[20:60] == [LR] * 40
    assert after[60] == LR
    assert after[79] < LR * 0.05
    assert "ends with its 8 epochs" in refused(lineage, cosine, 9)


def test_what_was_added_survives_a_checkpoint() -> None:
    cosine, lineage = config("cosine: {}"), Lineage()
    lineage.extend(cosine, STEPS, 4, "cosine: {final: 0.1, warmup: 1 epochs}")
    lineage.extend(cosine, STEPS, 5, "constant")
    again = Lineage(**json.loads(json_text.canonical(asdict(lineage))))
    assert again == lineage
    assert rates(again, cosine, 50) == rates(lineage, cosine, 50)


@pytest.mark.parametrize("epochs", [1, 2])
def test_there_must_be_more_epochs(epochs: int) -> None:
    message = f"--epochs: must be more than the 2 epochs that the run has, got {epochs}"
    assert refused(Lineage(), config("constant: {}"), epochs) == message


def test_every_schedule_is_tried() -> None:
    assert set(SCHEDULES) == set(KINDS)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_that_has_ended_is_not_stretched(kind: str) -> None:
    given = config(SCHEDULES[kind])
    if kind in ENDING:
        assert refused(Lineage(), given, 3) == (
            f"--epochs: the run's schedule, {kind}, ends with its 2 epochs; "
            "give one for those added, such as --schedule constant"
        )
    else:
        Lineage().extend(given, STEPS, 3, None)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("cosin: {}", "--schedule:1:1: schedule: unknown schedule 'cosin'; did you mean 'cosine'?"),
        ("", "--schedule:1:1: schedule: expected a schedule, a name or 'name: settings', got nothing"),
        ("cosine: {final: 2}", "--schedule:1:17: schedule.cosine.final: must be at least 0 and below 1, got 2"),
    ],
)
def test_a_schedule_that_is_none_is_named(schedule: str, message: str) -> None:
    assert refused(Lineage(), config("constant: {}"), 3, schedule) == message


def test_a_warm_up_longer_than_what_is_added_is_an_error() -> None:
    constant, lineage = config("constant: {}"), Lineage()
    lineage.extend(constant, STEPS, 3, "cosine: {warmup: 11 steps}")
    with pytest.raises(ConfigError) as caught:
        lineage.learning_rate(constant, STEPS, "val_accuracy")
    message = "schedule.cosine.warmup: must not be longer than the training of 10 steps, got 11 steps"
    assert str(caught.value) == message
