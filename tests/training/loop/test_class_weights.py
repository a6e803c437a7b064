"""Class weights: named or balanced, told as numbers, part of the training loss and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import MLP
from training.setting_up import Setup, document_of, prepared_for

from nettrain.autograd.tensor import Tensor
from nettrain.config.fields import Chosen
from nettrain.data.reader import on_disk
from nettrain.data.split import Split
from nettrain.errors import CheckpointError, ConfigError
from nettrain.model.layer import Pass
from nettrain.ops.loss_table import LOSSES
from nettrain.training.loop.class_weights import class_weights, weights_note
from nettrain.training.loop.objective import training_loss
from nettrain.training.probing.rehearsal import outlook
from nettrain.training.run.closing import validate

CLASSES = ("cat", "dog", "owl")
LABELS = np.array([0, 0, 0, 1, 1, 2])
NAMES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]


def chosen(weights: str | Mapping[str, float] | None, kind: str = "cross_entropy") -> Chosen:
    return Chosen(kind, LOSSES[kind].settings(class_weights=weights))


def text(data: Path, loss: str, **changes: str) -> str:
    """A config with this loss."""
    found = MLP.format(data=data) + f"loss: {loss}\n"
    for old, new in changes.items():
        found = found.replace(old, new)
    return found


def named(**weights: float) -> str:
    return ", ".join(f"'{name}': {weights.get(f'c{name}', 1.0)}" for name in NAMES)


def test_balanced_is_the_number_of_pictures_by_that_of_each_class() -> None:
    assert class_weights(chosen("balanced"), LABELS, CLASSES) == (6 / 9, 6 / 6, 6 / 3)


def test_balanced_counts_labels_where_a_picture_has_several() -> None:
    labels = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]], bool)
    assert class_weights(chosen("balanced"), labels, CLASSES) == (6 / 9, 6 / 6, 6 / 3)


def test_weights_by_name_come_in_the_order_of_the_classes() -> None:
    assert class_weights(chosen({"owl": 3, "dog": 0.5, "cat": 1}), LABELS, CLASSES) == (1, 0.5, 3)
    assert class_weights(chosen({"e\u0301": 2.0}), LABELS, ["\xe9"]) == (2.0,)  # another Unicode form of the name
    assert class_weights(chosen(None), LABELS, CLASSES) is None


def test_a_note_says_them_as_numbers() -> None:
    assert weights_note((2 / 3, 1.0, 2.0), CLASSES) == ("class weights: cat 0.6667, dog 1, owl 2",)
    assert weights_note(None, CLASSES) == ()
    many = weights_note((1.0,) * 22, [str(k) for k in range(22)])[0]
    assert many.endswith("19 1 and 2 more")


FAULTS = [
    (
        "{cross_entropy: {class_weights: {'0': 2.0, '1': 1.0}}}",
        "config.yaml:12:24: loss.cross_entropy.class_weights: no weight for '2', '3', '4', '5', '6', '7', '8', '9'; "
        "expected one for every class",
    ),
    (
        f"{{focal: {{class_weights: {{{named()}, cat: 2}}}}}}",
        "config.yaml:12:132: loss.focal.class_weights.cat: there is no class 'cat'; "
        "the classes are '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'",
    ),
    (
        "{mse: {class_weights: ballanced}}",
        "config.yaml:12:29: loss.mse.class_weights: expected 'balanced' or a mapping of names, each a number above 0, "
        "got 'ballanced'; did you mean 'balanced'?",
    ),
    ("{mse: {class_weights: {'0': 0}}}", "config.yaml:12:35: loss.mse.class_weights.0: must be above 0, got 0"),
    (
        "{mse: {class_weights: {}}}",
        "config.yaml:12:29: loss.mse.class_weights: expected a mapping of names, each a number above 0, got none",
    ),
]


@pytest.mark.parametrize(("loss", "message"), FAULTS)
def test_what_is_wrong_with_weights_is_said_at_its_place(small: Path, loss: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        outlook(document_of(text(small, loss), small))
    assert str(caught.value) == message


def test_val_loss_has_no_weights(small: Path) -> None:
    plain = prepared_for(text(small, "cross_entropy"), small)
    heavy = prepared_for(text(small, f"{{cross_entropy: {{class_weights: {{{named(c3=7)}}}}}}}"), small)
    for prepared in (plain, heavy):
        prepared.network.materialise(1)
    assert heavy.notes[1:] == ("class weights: 0 1, 1 1, 2 1, 3 7, 4 1, 5 1, 6 1, 7 1, 8 1, 9 1",)
    assert validate(plain) == validate(heavy)


@pytest.mark.parametrize("kind", [kind for kind, row in LOSSES.items() if row.shares])
def test_of_a_mixed_picture_each_share_counts_by_the_weight_of_its_class(kind: str) -> None:
    outputs = Tensor(np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32))
    loss = training_loss(chosen("balanced", kind), (0.5, 1.0, 4.0))
    one, other = np.array([0, 1, 2, 0, 1]), np.array([1, 2, 0, 2, 0])
    rows = np.eye(3, dtype=np.float32)
    found = loss(outputs, np.float32(0.75) * rows[one] + np.float32(0.25) * rows[other]).array
    expected = 0.75 * loss(outputs, one).array + 0.25 * loss(outputs, other).array
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("kind", LOSSES)
def test_a_step_of_several_batches_is_one_of_a_large_batch_with_weights_too(small: Path, kind: str) -> None:
    """The mean is over pictures, and so it adds up whatever classes a batch has."""
    loss = f"{{{kind}: {{class_weights: {{{named(c1=5, c2=0.1)}}}}}}}"
    large = Setup(prepared_for(text(small, loss), small))
    parts = Setup(prepared_for(text(small, loss, **{"batch_size: 32": "batch_size: 8, accumulate: 4"}), small))
    now = Pass(True, 1, 0, 0, 0)
    whole = large.stepper.step([large.first()], 32, now, 0.1)
    stream = parts.batches.training(0)
    found = parts.stepper.step((next(stream) for _ in range(4)), 32, now, 0.1)
    stream.close()
    assert found.loss == pytest.approx(whole.loss, rel=1e-5)
    for name, array in large.state.tensors().items():
        np.testing.assert_allclose(parts.state.tensors()[name], array, rtol=2e-4, atol=1e-6)


def test_a_heavier_class_counts_that_much_more(small: Path) -> None:
    light = Setup(prepared_for(text(small, "cross_entropy"), small))
    heavy = Setup(prepared_for(text(small, f"{{cross_entropy: {{class_weights: {{{named(c4=3)}}}}}}}"), small))
    batch, now = light.first(), Pass(True, 1, 0, 0, 0)
    four = batch.labels == 4
    images, labels = batch.images[four], batch.labels[four]
    assert heavy.stepper(images, labels, now, 0.1).loss == pytest.approx(
        3 * light.stepper(images, labels, now, 0.1).loss, rel=1e-6
    )


def test_a_checkpoint_has_them_as_numbers_and_takes_no_others(small: Path) -> None:
    prepared = prepared_for(text(small, "{cross_entropy: {class_weights: balanced}}"), small)
    setup = Setup(prepared)
    meta: dict[str, Any] = setup.state.meta({"metrics.csv": 0, "events.jsonl": 0})
    assert meta["class_weights"] == [1.0] * 10
    assert meta["config"]["loss"] == {"cross_entropy": {"class_weights": "balanced", "label_smoothing": 0.0}}
    meta["class_weights"][2] = 1.5
    with pytest.raises(CheckpointError) as caught:
        setup.state._compare(meta, "step-1")
    assert str(caught.value) == "step-1: was made with other class weights; start a new run"


def test_a_split_counts_its_own(small: Path) -> None:
    split = Split("train", on_disk("/"), ("a", "b", "c"), np.array([0, 1, 1]), ("cat", "dog"))
    assert class_weights(chosen("balanced"), split.labels, split.classes) == (3 / 2, 3 / 4)
