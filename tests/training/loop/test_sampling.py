"""Sampling in a training: what it may stand beside, what is said of it, and that few or lopsided pictures train."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import CNN, MLP
from PIL import Image
from training.setting_up import Setup, document_of, prepared_for

from nettrain.data.batches import Batches
from nettrain.errors import ConfigError
from nettrain.model.layer import Pass
from nettrain.training import prepare
from nettrain.training.probing.lr_range import range_test, rates
from nettrain.training.probing.rehearsal import one_batch, outlook
from nettrain.training.run.state import State

THERE = {"cat": 30, "dog": 6, "owl": 2}
VAL, TRAIN = "  val: {from: train, fraction: 0.25}\n", "batch_size: 32"


@pytest.fixture(scope="module")
def lopsided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of three classes, many of one and two of another: noise with a bright stripe of the class."""
    root, random = tmp_path_factory.mktemp("lopsided"), np.random.default_rng(1)
    for place, (name, many) in enumerate(THERE.items()):
        (root / name).mkdir()
        for number in range(many):
            pixels = random.integers(0, 200, (8, 8)).astype(np.uint8)
            pixels[:, 3 * place : 3 * place + 2] = 255
            Image.fromarray(pixels).save(root / name / f"{number:02}.png")
    return root


def text(data: Path, train: str = TRAIN, loss: str = "cross_entropy") -> str:
    found = MLP.format(data=data)
    assert VAL in found
    return found.replace(VAL, "").replace(TRAIN, train) + f"loss: {loss}\n"


def no_report(what: str, done: int, total: int) -> None:
    """Nobody watches."""


@pytest.mark.parametrize("size", [4, 32, 1000])
@pytest.mark.parametrize(
    ("sampling", "expected"),
    [("balanced", [38 / 3] * 3), ("{weighted: {cat: 0.1, dog: 2, owl: 5}}", [38 * n / 25 for n in (3, 12, 10)])],
)
def test_an_epoch_has_its_length_and_its_classes(
    lopsided: Path, sampling: str, expected: list[float], size: int
) -> None:
    """Also where a batch is larger than the set."""
    setup = Setup(prepared_for(text(lopsided, f"batch_size: {size}, sampling: {sampling}"), lopsided))
    assert setup.prepared.steps_per_epoch == -(-38 // size)
    for epoch in range(3):
        labels = np.concatenate([batch.labels for batch in setup.batches.training(epoch)])
        assert len(labels) == 38
        assert (abs(np.bincount(labels, minlength=3) - expected) < 1).all()


def test_a_set_that_is_smaller_than_a_batch_trains(lopsided: Path) -> None:
    """Two of thirty-eight are owls; mixed and balanced they are found."""
    mixed = "batch_size: 100, sampling: balanced"
    given = text(lopsided, mixed).replace("model:\n", "  augment: [mixup: 0.2, cutmix: {p: 0.5}]\nmodel:\n")
    setup = Setup(prepared_for(given, lopsided))
    for epoch in range(60):
        (batch,) = setup.batches.training(epoch)
        setup.stepper.step([batch], 38, Pass(True, 1, epoch, epoch, 0), 0.1)
    plain = Batches(setup.prepared.train, 100, 1, setup.prepared.normalization)
    (batch,) = plain.in_order()
    assert setup.stepper.step([batch], 38, Pass(True, 1, 60, 60, 0), 0.0).correct == 38


FAULTS = {
    "a name that is none": (
        "sampling: {weighted: {cat: 1, dog: 2, cow: 3}}", "cross_entropy",
        ("config.yaml:10:74: train.sampling.weighted.cow: there is no class 'cow'; did you mean 'owl'?",
         "config.yaml:10:47: train.sampling.weighted: no weight for 'owl'; expected one for every class"),
    ),
    "no difference": (
        "sampling: {weighted: {cat: 2, dog: 2, owl: 2}}", "cross_entropy",
        ("config.yaml:10:47: train.sampling.weighted: has no effect: all weights are the same; write shuffle, or leave "
         "it out",),
    ),
    "a weight of nothing": (
        "sampling: {weighted: {cat: 0, dog: 2, owl: 2}}", "cross_entropy",
        ("config.yaml:10:63: train.sampling.weighted.cat: must be above 0, got 0",),
    ),
    "a word": (
        "sampling: balance", "cross_entropy",
        ("config.yaml:10:46: train.sampling: expected 'shuffle', 'balanced' or a mapping, got 'balance'; did you mean "
         "'balanced'?",),
    ),
    "twice": (
        "sampling: balanced", "{focal: {class_weights: balanced}}",
        ("config.yaml:11:31: loss.focal.class_weights: train.sampling: balanced draws classes otherwise than they are, "
         "and balanced class weights count them as they are; leave one out, or name the weights",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sampling", "loss", "messages"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_is_said(lopsided: Path, sampling: str, loss: str, messages: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        outlook(document_of(text(lopsided, f"batch_size: 32, {sampling}", loss), lopsided))
    assert tuple(str(fault) for fault in caught.value.faults) == messages


def test_several_labels_a_picture_are_in_no_class(lopsided: Path) -> None:
    given = text(lopsided, "batch_size: 32, sampling: balanced", "bce").replace(
        "model:\n", "  labels: several\nmodel:\n"
    )
    with pytest.raises(ConfigError) as caught:
        document_of(given, lopsided)
    assert str(caught.value).endswith(
        "train.sampling: balanced is for one label a picture, but data.labels is several; use class_weights"
    )


def test_weights_by_name_count_beside_it(lopsided: Path) -> None:
    loss = "{cross_entropy: {class_weights: {cat: 1, dog: 2, owl: 3}}}"
    prepared = prepared_for(text(lopsided, "batch_size: 32, sampling: balanced", loss), lopsided)
    assert prepared.class_weights == (1, 2, 3)
    assert prepared.notes[-2:] == (
        "sampling: an epoch draws cat 12.67 of 30, dog 12.67 of 6, owl 12.67 of 2",
        "class weights: cat 1, dog 2, owl 3",
    )


def test_check_and_lr_find_draw_as_the_training_does(lopsided: Path) -> None:
    document = document_of(text(lopsided, "batch_size: 16, sampling: balanced"), lopsided)
    plan = outlook(document)
    assert plan.notes[-1] == "sampling: an epoch draws cat 12.67 of 30, dog 12.67 of 6, owl 12.67 of 2"
    assert one_batch(plan).loss > 0
    assert range_test(document, rates(1e-4, 1, 12), no_report).trials


def test_statistics_of_batch_norm_are_recomputed_over_pictures_so_drawn(
    lopsided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (
        CNN.format(data=lopsided)
        .replace(VAL, "")
        .replace("batch_size: 16", "batch_size: 16, sampling: balanced, ema: 0.5")
    )
    state, seen = State.fresh(prepared_for(found, lopsided)), []

    class Watched(Batches):
        def training(self, epoch: int, start: int = 0) -> Any:
            def watched() -> Iterator[Any]:
                for batch in super(Watched, self).training(epoch, start):
                    seen.append(batch.labels)
                    yield batch

            return watched()

    monkeypatch.setattr(prepare, "Batches", Watched)
    with state.shipped(1):
        assert (abs(np.bincount(np.concatenate(seen)) - 38 / 3) < 1).all()
