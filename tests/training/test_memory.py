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
from nettrain.training.memory import batches_bytes, check_memory, tightness, training_bytes
from nettrain.training.pictures import list_splits
from nettrain.training.prepare import check_shapes, prepare
from nettrain.training.probing.lr_range import range_test
from nettrain.training.probing.rehearsal import outlook


def has(monkeypatch: pytest.MonkeyPatch, there: int | None, free: int | None) -> None:
    """The machine has so much memory from here on."""
    monkeypatch.setattr(module, "all_memory", lambda: there)
    monkeypatch.setattr(module, "free_memory", lambda: free)


def needed(document: Document[Config]) -> int:
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
    assert needed(document) - needed(document_of(text.replace("data:\n", "data:\n  cache: none\n"), small)) == 160 * 64
    assert batches_bytes(document.config, check_shapes(document, 10), 120) == (
        step_bytes(check_shapes(document, 10), 16, 8) + 3 * 4 * 438
    )


def test_a_model_larger_than_memory_says_how_many_bytes(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = document_of(MLP.format(data=small), small)
    parameters = 64 * 16 + 16 + 16 * 10 + 10
    assert training_bytes(document.config, check_shapes(document, 10)) == 3 * 4 * parameters
    has(monkeypatch, None, 14519)
    with pytest.raises(EnvironmentFault) as caught:
        check_shapes(document, 10)
    assert str(caught.value) == (
        "config.yaml:5:1: model: 1210 parameters take 0.0 MB to train (weights, gradients, optimizer), "
        "but 0.0 MB of memory are free; expected a smaller model"
    )
    for free in (14520, None):
        has(monkeypatch, None, free)
        check_shapes(document, 10)


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


def test_an_estimate_that_may_be_off_refuses_nothing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = document_of(CNN.format(data=small), small)
    most = needed(document)
    for there in (int(most / 1.2) + 1, most, None):
        has(monkeypatch, there, 100_000)
        assert needed(document) == most
    has(monkeypatch, int(most / 1.2) - 1, None)
    with pytest.raises(EnvironmentFault, match=r"that there are; lower batch_size"):
        needed(document)


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
