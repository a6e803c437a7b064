"""The stream of facts: in which order they come, what they say, and where it can begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import CNN
from training.setting_up import Setup, prepared_for

from nettrain.arrays.interrupt import Interrupted
from nettrain.training.loop.loop import EpochClosed, EpochEnd, Fact, Progress, Step, train
from nettrain.training.prepare import Prepared


@pytest.fixture(scope="module")
def prepared(small: Path) -> Prepared:
    return prepared_for(CNN.format(data=small).replace("batch_size: 16", "batch_size: 50"), small)


def facts_of(setup: Setup, epochs: int = 2) -> Iterator[Fact]:
    return train(
        setup.stepper, setup.batches, lambda step, history: 0.1 / (step + 1), epochs, 3, setup.state.progress, ()
    )


def test_facts_come_in_order(prepared: Prepared) -> None:
    setup = Setup(prepared)
    facts = list(facts_of(setup))
    kinds = [type(fact) for fact in facts]
    assert kinds == 2 * [Step, Step, Step, EpochEnd, EpochClosed]
    steps = [fact for fact in facts if isinstance(fact, Step)]
    assert [(fact.epoch, fact.step, fact.position, fact.pictures) for fact in steps] == [
        (1, 1, 50, 50),
        (1, 2, 100, 50),
        (1, 3, 120, 20),
        (2, 4, 50, 50),
        (2, 5, 100, 50),
        (2, 6, 120, 20),
    ]
    assert [fact.lr for fact in steps] == [0.1 / n for n in range(1, 7)]
    end = facts[3]
    assert isinstance(end, EpochEnd)
    assert (end.epoch, end.step, end.lr) == (1, 3, 0.1 / 3)
    assert end.train_loss == sum(fact.loss * fact.pictures for fact in steps[:3]) / 120
    assert facts[4] == EpochClosed(1)
    assert setup.state.progress == Progress(epoch=2, step=6)


def test_a_step_takes_several_batches_and_those_that_are_left(prepared: Prepared) -> None:
    setup = Setup(prepared)
    rates = lambda step, history: 0.1 / (step + 1)  # noqa: E731
    stream = train(setup.stepper, setup.batches, rates, 1, 3, setup.state.progress, (), accumulate=2)
    steps = [fact for fact in stream if isinstance(fact, Step)]
    assert [(fact.step, fact.position, fact.pictures) for fact in steps] == [(1, 100, 100), (2, 120, 20)]
    assert setup.state.progress == Progress(epoch=1, step=2)


def test_the_numbers_of_an_epoch_are_means_over_its_pictures(prepared: Prepared) -> None:
    setup = Setup(prepared)
    facts = list(facts_of(setup, 1))
    end = next(fact for fact in facts if isinstance(fact, EpochEnd))
    assert 0 <= end.train_accuracy <= 1
    assert (end.train_accuracy * 120) % 1 == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("stop", range(1, 10))
def test_it_goes_on_from_any_fact(prepared: Prepared, stop: int) -> None:
    whole = list(facts_of(Setup(prepared)))
    setup = Setup(prepared)
    stream = facts_of(setup)
    begun = [next(stream) for _ in range(stop)]
    stream.close()  # type: ignore[attr-defined]
    rest = list(facts_of(setup))
    if isinstance(begun[-1], EpochEnd):  # the epoch is still open, so it ends once more
        begun.pop()
    if isinstance(begun[-1], EpochClosed):
        assert setup.state.progress.position == 0
    assert begun + rest == whole


def test_a_step_that_does_not_happen_moves_nothing(prepared: Prepared) -> None:
    setup = Setup(prepared)
    stream = facts_of(setup)
    next(stream)
    before = setup.everything()

    def stopped(*arguments: object) -> None:
        raise Interrupted(2)

    setup.stepper.loss = stopped  # type: ignore[assignment]
    with pytest.raises(Interrupted):
        next(stream)
    assert setup.everything() == before


def test_a_finished_training_has_no_facts(prepared: Prepared) -> None:
    setup = Setup(prepared)
    setup.state.progress = Progress(epoch=2, step=6)
    assert list(facts_of(setup)) == []
