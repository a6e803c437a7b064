"""A step happens wholly or not at all; one that is not finite says where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from commands import CNN
from training.setting_up import Setup, prepared_for

from nettrain.arrays import interrupt
from nettrain.autograd.tensor import Leaf
from nettrain.data.batches import Batch, Batches
from nettrain.errors import Diverged, ExitCode
from nettrain.model.layer import Pass
from nettrain.training.loop import step
from nettrain.training.prepare import Prepared

NOW = Pass(True, 3, 0, 0, 0)
RESIDUAL = """\
data:
  train: {data}
  image: {{size: [8, 8], channels: 1}}
model:
  layers:
    - conv2d: {{filters: 4, kernel_size: 3, norm: batch_norm, activation: gelu}}
    - residual:
        layers:
          - conv2d: {{filters: 8, kernel_size: 3, stride: 2, norm: batch_norm, activation: relu}}
          - conv2d: {{filters: 8, kernel_size: 3, norm: batch_norm}}
        shortcut: conv1x1
        activation: relu
    - avg_pool2d: 2
    - flatten
    - dense: {{units: 12, activation: tanh}}
    - batch_norm
    - dropout: 0.2
    - dense: classes
loss: {{cross_entropy: {{label_smoothing: 0.1}}}}
optimizer: {{adamw: {{lr: 0.01}}}}
train: {{epochs: 1, batch_size: 16}}
"""
CONFIGS = {"cnn": CNN, "residual": RESIDUAL}


@pytest.fixture(scope="module", params=CONFIGS)
def prepared(request: pytest.FixtureRequest, small: Path) -> Prepared:
    return prepared_for(CONFIGS[request.param].format(data=small), small)


@pytest.fixture
def setup(prepared: Prepared) -> Setup:
    """A training after its first step, so that buffers and slots hold something."""
    made = Setup(prepared)
    batch = made.first()
    made.stepper(batch.images, batch.labels, NOW, 0.05)
    return made


def checks(monkeypatch: pytest.MonkeyPatch, fire: int = 0) -> Callable[[], int]:
    """Ask for a stop at the ``fire``-th look at the flag; returns how many looks there were."""
    seen = [0]
    real = interrupt.check

    def counted() -> None:
        seen[0] += 1
        if seen[0] == fire:
            interrupt.request(2)
        real()

    monkeypatch.setattr(interrupt, "check", counted)
    return lambda: seen[0]


@pytest.mark.parametrize("count", [1, 2])
def test_an_interrupt_at_any_moment_leaves_no_trace(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, threads: Callable[[int], None], count: int
) -> None:
    threads(count)
    batch = setup.first(1)
    before = setup.everything()
    with monkeypatch.context() as patch:
        looks = checks(patch)
        setup.stepper(batch.images, batch.labels, NOW, 0.05)
        total = looks()
    after = setup.everything()
    assert total >= 10
    assert all(before[name] != after[name] for name in after if name != "progress")
    setup = Setup(setup.prepared)
    first = setup.first()
    setup.stepper(first.images, first.labels, NOW, 0.05)
    assert setup.everything() == before
    for fire in range(1, total + 1):
        with monkeypatch.context() as patch:
            checks(patch, fire)
            with pytest.raises(interrupt.Interrupted):
                setup.stepper(batch.images, batch.labels, NOW, 0.05)
        interrupt.clear()
        assert setup.everything() == before, fire
    setup.stepper(batch.images, batch.labels, NOW, 0.05)
    assert setup.everything() == after


def test_nan_in_any_tensor_leaves_no_other_trace(setup: Setup) -> None:
    batch = setup.first(1)
    network = setup.prepared.network
    for name, tensor in network.parameters.items():
        kept = tensor.array.copy()
        tensor.array.flat[0] = np.nan
        before = setup.everything()
        with pytest.raises(Diverged) as caught:
            setup.stepper(batch.images, batch.labels, Pass(True, 3, 1, 8, 0), 0.05)
        assert setup.everything() == before
        assert caught.value.code == ExitCode.DIVERGED
        (line,) = caught.value.lines()
        layer = name.rsplit(".", 1)[0].removesuffix(".norm")
        assert line.startswith(f"nettrain: error: diverged at step 9 of epoch 2: {layer.split('.layers')[0]}"), line
        assert line.endswith(" is not finite; try a smaller learning rate")
        tensor.array[...] = kept
    setup.stepper(batch.images, batch.labels, NOW, 0.05)


def groups(prepared: Prepared, size: int, count: int) -> list[Batch]:
    """The first batches of an epoch, of such a size."""
    config = prepared.config
    made = Batches(prepared.train, size, config.seed, prepared.normalization, config.data.augment)
    return list(islice(made.training(1), count))


def test_several_batches_are_as_one_of_their_size(small: Path) -> None:
    """Pictures, augmentation and masks are those of the positions; only batch norm sees the batches."""
    text = RESIDUAL.replace(", norm: batch_norm", "").replace("    - batch_norm\n", "")
    text = text.replace("adamw: {{lr: 0.01}}", "sgd: {{lr: 0.1}}").format(data=small)
    found = []
    for size, count in ((48, 1), (16, 3), (20, 3)):
        setup = Setup(prepared_for(text, small))
        batches = groups(setup.prepared, size, count)
        pictures = sum(len(batch.labels) for batch in batches)
        outcome = setup.stepper.step(iter(batches), pictures, Pass(True, 3, 1, 0, 0), 0.1)
        found.append((outcome, setup.state.weights.array.copy()))
    (whole, weights), (parts, in_parts), (other, of_others) = found
    assert (parts.correct, parts.loss) == (whole.correct, pytest.approx(whole.loss, rel=1e-6))
    np.testing.assert_allclose(in_parts, weights, rtol=1e-5, atol=1e-6)
    assert other.loss != pytest.approx(whole.loss, rel=1e-4)  # of 60 pictures
    assert not np.allclose(of_others, weights, rtol=1e-5, atol=1e-6)


def test_batches_of_different_sizes_count_by_their_pictures(setup: Setup) -> None:
    whole, part = groups(setup.prepared, 16, 2)
    part = Batch(16, part.images[:4], part.labels[:4])
    losses = [
        Setup(setup.prepared).stepper(b.images, b.labels, replace(NOW, start=b.start), 0).loss for b in (whole, part)
    ]
    found = Setup(setup.prepared).stepper.step([whole, part], 20, NOW, 0)
    assert found.loss == pytest.approx((16 * losses[0] + 4 * losses[1]) / 20, rel=1e-6)


def test_running_statistics_take_in_each_batch(setup: Setup) -> None:
    """One after the other, as if each had been a step of its own."""
    first, second = groups(setup.prepared, 16, 2)
    one, other = Setup(setup.prepared), None
    for batch in (first, second):
        one.stepper(batch.images, batch.labels, replace(NOW, start=batch.start), 0)
    expected = {name: buffer.array.copy() for name, buffer in setup.prepared.network.buffers.items()}
    other = Setup(setup.prepared)
    other.stepper.step([first, second], 32, NOW, 0)
    for name, buffer in setup.prepared.network.buffers.items():
        np.testing.assert_array_equal(buffer.array, expected[name], name)


def test_an_interrupt_in_any_batch_leaves_no_trace(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = groups(setup.prepared, 16, 3)
    with monkeypatch.context() as patch:
        looks = checks(patch)
        setup.stepper.step(batches, 48, NOW, 0.05)
        total = looks()
    before = setup.everything()
    for fire in range(1, total + 1, total // 7):
        with monkeypatch.context() as patch:
            checks(patch, fire)
            with pytest.raises(interrupt.Interrupted):
                setup.stepper.step(batches, 48, NOW, 0.05)
        interrupt.clear()
        assert setup.everything() == before, fire


def test_nan_in_a_later_batch_leaves_no_trace(setup: Setup) -> None:
    first, second = groups(setup.prepared, 16, 2)
    bad = Batch(16, second.images * np.float32(np.nan), second.labels)
    before = setup.everything()
    with pytest.raises(Diverged) as caught:
        setup.stepper.step([first, bad], 32, NOW, 0.05)
    assert str(caught.value).startswith("diverged at step 1 of epoch 1: layers.0: ")
    assert setup.everything() == before


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_not_used(setup: Setup, monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    """Every gradient in turn, the loss being finite."""
    batch = setup.first(1)
    before = setup.everything()
    real = step.gather
    for name in setup.prepared.network.parameters:

        def spoilt(gradients: step.Gradients, into: step.Flat, *rest: float, name: str = name) -> None:
            real(gradients, into, *rest)
            into.views[name].flat[-1] = value

        with monkeypatch.context() as patch:
            patch.setattr(step, "gather", spoilt)
            with pytest.raises(Diverged):
                setup.stepper(batch.images, batch.labels, NOW, 0.05)
        assert setup.everything() == before


def test_a_picture_that_is_not_finite_is_found_in_the_first_layer(setup: Setup) -> None:
    batch = setup.first(1)
    images = batch.images.copy()
    images[3, 2, 2, 0] = np.nan
    before = setup.everything()
    with pytest.raises(Diverged) as caught:
        setup.stepper(images, batch.labels, NOW, 0.05)
    assert caught.value.lines() == [
        "nettrain: error: diverged at step 1 of epoch 1: layers.0: the output of conv2d is not finite; "
        "try a smaller learning rate"
    ]
    assert setup.everything() == before


def test_the_outcome_is_loss_and_hits_before_the_update(setup: Setup) -> None:
    batch = setup.first(1)
    before = setup.everything()
    outcome = setup.stepper(batch.images, batch.labels, NOW, 0.0)
    again = setup.stepper(batch.images, batch.labels, NOW, 0.0)
    assert (outcome.loss, outcome.correct) == (again.loss, again.correct)
    assert 0 <= outcome.correct <= len(batch.labels)
    assert setup.everything() != before


def test_a_mixed_batch_learns_from_its_shares_and_is_right_where_it_says_what_a_picture_mostly_is(setup: Setup) -> None:
    batch = setup.first(1)
    rows = np.eye(10, dtype=np.float32)
    shares = np.float32(0.75) * rows[batch.labels] + np.float32(0.25) * rows[np.roll(batch.labels, 1)]
    losses = []
    for labels in (batch.labels, np.roll(batch.labels, 1)):
        losses.append(Setup(setup.prepared).stepper(batch.images, labels, NOW, 0).loss)
    plain = Setup(setup.prepared).stepper(batch.images, batch.labels, NOW, 0)
    mixed = replace(batch, shares=shares)
    found = Setup(setup.prepared).stepper.step([mixed], len(batch.labels), NOW, 0)
    assert found.loss == pytest.approx(0.75 * losses[0] + 0.25 * losses[1], rel=1e-5)
    assert found.correct == plain.correct


def test_a_parameter_without_influence_has_no_gradient(setup: Setup) -> None:
    into = step.Flat({"used": (2,), "unused": (3,)}, np.float32)
    into.array.fill(7)
    step.gather({Leaf(np.zeros(2, np.float32), "used"): np.ones(2, np.float32)}, into)
    assert into.array.tolist() == [1, 1, 0, 0, 0]
    step.gather({Leaf(np.zeros(2, np.float32), "used"): np.full(2, 4, np.float32)}, into, 0.25, onto=True)
    assert into.array.tolist() == [2, 2, 0, 0, 0]
