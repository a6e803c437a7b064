"""What a training takes of the memory: refused where there cannot be so much, before anything is allocated or made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import CNN, MLP
from training.setting_up import document_of

from nettrain.config.document import Document
from nettrain.errors import EnvironmentFault
from nettrain.training import memory as module
from nettrain.training.config import Config
from nettrain.training.estimate import step_bytes
from nettrain.training.memory import Needed, batches_bytes, check_memory, tightness, training_bytes
from nettrain.training.pictures import list_splits
from nettrain.training.prepare import check_shapes, prepare
from nettrain.training.probing.gradcheck import gradcheck
from nettrain.training.probing.lr_range import range_test
from nettrain.training.probing.rehearsal import outlook


def has(monkeypatch: pytest.MonkeyPatch, there: int | None, free: int | None) -> None:
    """The machine has so much memory from here on."""
    monkeypatch.setattr(module, "all_memory", lambda: there)
    monkeypatch.setattr(module, "free_memory", lambda: free)


def needed(document: Document[Config]) -> Needed:
    return check_memory(document, check_shapes(document, 10), list_splits(document))


def decoding(what: str, done: int, total: int) -> None:
    raise AssertionError(f"{what} began")


def test_memory_grows_with_the_batch_and_nothing_is_allocated_to_see_it(small: Path) -> None:
    network = check_shapes(document_of(CNN.format(data=small), small), 10)
    one, many = step_bytes(network, 100), step_bytes(network, 1_000_000_100)  # more than there are threads
    assert many > 1e12
    assert step_bytes(network, 101) - one == pytest.approx((many - one) / 1e9, abs=2)


def test_pictures_in_memory_weights_and_batches_are_all_of_it(small: Path) -> None:
    text = CNN.format(data=small)
    document = document_of(text, small)
    cached, other = needed(document), needed(document_of(text.replace("data:\n", "data:\n  cache: none\n"), small))
    assert (cached.cache, other.cache, cached.peak - other.peak) == (160 * 64, 0, 160 * 64)
    assert batches_bytes(document.config, check_shapes(document, 10), 120) == (
        step_bytes(check_shapes(document, 10), 16, 8) + 3 * 4 * 438
    )


@pytest.mark.parametrize("mixing", ["mixup", "cutmix"])
def test_a_mixed_batch_takes_a_picture_more(small: Path, mixing: str) -> None:
    """Twice, since the next batch is made meanwhile."""
    text = CNN.format(data=small)
    texts = text, text.replace("padding: 1}\n", f"padding: 1}}\n    - {mixing}\n")
    plain, mixed = (
        batches_bytes(document.config, check_shapes(document, 10), 112)
        for document in (document_of(one, small) for one in texts)
    )
    assert mixed - plain == pytest.approx(2 * 64 * 4 * 1.125, abs=1)


COMMANDS: dict[str, Callable[[Document[Config]], Any]] = {
    "fit": lambda document: prepare(document, decoding),
    "resume": lambda document: prepare(document, decoding, resumed=True),
    "check": outlook,
    "lr-find": lambda document: range_test(document, [0.1, 0.2], decoding),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_more_than_there_is_is_refused_before_a_picture_is_decoded(
    small: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    document = document_of(CNN.format(data=small), small)
    has(monkeypatch, 40_000_000, 30_000_000)
    with pytest.raises(EnvironmentFault) as caught:
        COMMANDS[command](document)
    before, _, after = str(caught.value).partition("about ")
    assert before == "config.yaml:19:32: train.batch_size: a training in batches of 16 takes "
    assert after.partition(" MB")[2] == (
        " of memory, more than the 40.0 MB that there are (30.0 MB free); "
        "lower batch_size, data.image.size or the filters of the layers"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_model_larger_than_memory_says_how_many_bytes_at_its_line(
    small: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Weights are no estimate: what they take is refused as soon as it is more than there is."""
    document = document_of(MLP.format(data=small), small)
    parameters = 64 * 16 + 16 + 16 * 10 + 10
    assert training_bytes(document.config, check_shapes(document, 10)) == 3 * 4 * parameters == 14520
    has(monkeypatch, 14519, None)
    line = (
        "config.yaml:5:1: model: 1210 parameters take 0.0 MB to train (weights, gradients, optimizer), "
        "more than the 0.0 MB that there are; expected a smaller model"
    )
    with pytest.raises(EnvironmentFault) as caught:
        COMMANDS[command](document)
    assert str(caught.value) == line
    has(monkeypatch, 14520, None)
    with pytest.raises(EnvironmentFault) as caught:
        COMMANDS[command](document)
    assert str(caught.value).startswith("config.yaml:11:32: train.batch_size: a training in batches of 32 takes about ")


def test_a_model_that_is_more_than_is_free_may_be_described_and_trained(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = document_of(MLP.format(data=small), small)
    has(monkeypatch, 10**12, 1)
    assert needed(document).peak > 14520
    has(monkeypatch, 1, 1)
    assert check_shapes(document, 10).parameter_count == 1210


def test_a_check_of_derivatives_takes_weights_and_gradients_in_float64(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = document_of(MLP.format(data=small), small)
    has(monkeypatch, 2 * 8 * 1210 - 1, 2_300_000)
    with pytest.raises(EnvironmentFault) as caught:
        next(gradcheck(document, 10))
    assert str(caught.value) == (
        "config.yaml:5:1: model: 1210 parameters take 0.0 MB to check (weights and gradients in float64), "
        "more than the 0.0 MB that there are (2.3 MB free); expected a smaller model"
    )
    has(monkeypatch, 2 * 8 * 1210, 1)
    assert next(gradcheck(document, 10)).passed


def test_an_estimate_that_may_be_off_refuses_nothing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = document_of(CNN.format(data=small), small)
    most = needed(document).peak
    for there in (int(most / 1.2) + 1, most, None):
        has(monkeypatch, there, 100_000)
        assert needed(document).peak == most
    has(monkeypatch, int(most / 1.2) - 1, None)
    with pytest.raises(EnvironmentFault) as caught:
        needed(document)
    assert str(caught.value) == (
        f"config.yaml:19:32: train.batch_size: a training in batches of 16 takes about {most / 1e6:.1f} MB of memory, "
        f"more than the {(int(most / 1.2) - 1) / 1e6:.1f} MB that there are; "
        "lower batch_size, data.image.size or the filters of the layers"
    )


def test_less_than_is_free_is_said_and_not_refused(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = outlook(document_of(CNN.format(data=small), small))
    assert plan.warnings == ()
    has(monkeypatch, 10**12, 30_000_000)
    assert plan.warnings == (
        f"the training takes about {plan.memory_bytes / 1e6:.1f} MB of memory, but 30.0 MB are free, so that it may be "
        "slow or be killed; lower train.batch_size, data.image.size or the filters of the layers",
    )
    assert tightness(30_000_000) is None
    has(monkeypatch, None, None)
    assert plan.warnings == ()
