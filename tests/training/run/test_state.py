"""The whole state of a training: saved, and become again; what does not belong is named, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import CNN
from training.setting_up import Setup, prepared_for

from nettrain.errors import CheckpointError, DataError, Diverged
from nettrain.model.layer import Pass
from nettrain.training.loop.loop import Progress
from nettrain.training.prepare import Prepared
from nettrain.training.run.parts import PARTS, Best
from nettrain.training.run.state import State
from nettrain.training.store.checkpoint import Checkpoint, decode, encode

OTHER: dict[str, Callable[[int], Any]] = {  # a value that no field has by default, for each type of field
    "int": int,
    "int | None": int,
    "float": lambda number: number + 1 / 3,
    "float | None": lambda number: number + 1 / 3,
    "list[float]": lambda number: [number + 1 / 3, 0.1],
    "str | None": str,
    "list[Setback]": lambda number: [{"step": number, "back_to": 1}],
    "list[Tried]": lambda number: [{"seed": number, "train_loss": 0.1, "val_loss": None}],
    "list[Extension]": lambda number: [{"from_step": number, "epochs": 5, "schedule": None}],
}


@pytest.fixture(scope="module")
def prepared(small: Path) -> Prepared:
    return prepared_for(CNN.format(data=small), small)


def trained(prepared: Prepared) -> Setup:
    """A training some steps old."""
    setup = Setup(prepared)
    for number in range(3):
        batch = setup.first(number)
        setup.stepper(batch.images, batch.labels, Pass(True, 3, number, number, 0), 0.05)
    setup.state.progress = Progress(epoch=1, step=3, position=16, loss_sum=1 / 3, correct=5)
    setup.state.best = Best(epoch=1, step=2, value=0.1)
    return setup


def saved(setup: Setup, **changes: Any) -> Checkpoint:
    data = encode({**setup.state.meta({"metrics.csv": 1, "events.jsonl": 2}), **changes}, setup.state.tensors())
    return decode(data, "c")


def test_a_restored_state_is_the_saved_one(prepared: Prepared) -> None:
    old = trained(prepared)
    before, found = old.everything(), saved(old)
    new = Setup(prepared)
    assert new.everything() != before
    new.state.restore(found, "c")
    assert new.everything() == before
    assert (new.state.progress, new.state.best) == (old.state.progress, old.state.best)
    assert found.meta["logs"] == {"metrics.csv": 1, "events.jsonl": 2}


def test_the_next_step_is_the_same(prepared: Prepared) -> None:
    old = trained(prepared)
    found = saved(old)
    batch, now = old.first(5), Pass(True, 3, 5, 40, 0)
    old.stepper(batch.images, batch.labels, now, 0.05)
    after = old.everything()
    new = Setup(prepared)
    new.state.restore(found, "c")
    new.stepper(batch.images, batch.labels, now, 0.05)
    assert new.everything() == after


def test_a_checkpoint_holds_every_tensor(prepared: Prepared) -> None:
    state = trained(prepared).state
    names = set(state.tensors())
    weights = set(prepared.network.parameters)
    assert weights | set(prepared.network.buffers) < names
    assert {name for name in names if name.startswith("optimizer/")} == {f"optimizer/velocity/{n}" for n in weights}
    assert {name.rsplit(".", 1)[1] for name in prepared.network.buffers} == {"running_mean", "running_var"}


MISFITS = {
    "another learning rate": (
        lambda meta: {"config": replaced(meta["config"], "optimizer", "sgd", "lr", value=0.2)},
        "was made with another config: optimizer.sgd.lr differ; start a new run",
    ),
    "another layer": (
        lambda meta: {"config": replaced(meta["config"], "model", "layers", value=[])},
        "was made with another config: model.layers differ; start a new run",
    ),
    "other classes": (
        lambda meta: {"classes": meta["classes"][::-1]},
        "was made with other classes; start a new run",
    ),
    "other pictures": (
        lambda meta: {"fingerprint": "0" * 64},
        "the pictures are not those that the run was started with; put them back as they were, or start a new run",
    ),
}


def replaced(tree: Any, *keys: str, value: object) -> Any:
    """A nested dict with one entry changed."""
    first, *rest = keys
    return {**tree, first: replaced(tree[first], *rest, value=value) if rest else value}


@pytest.mark.parametrize("misfit", MISFITS)
def test_what_does_not_belong_is_named_and_nothing_changed(prepared: Prepared, misfit: str) -> None:
    change, message = MISFITS[misfit]
    setup = trained(prepared)
    found = saved(setup, **change(setup.state.meta({})))
    fresh = Setup(prepared)
    before = fresh.everything()
    fault, where = (DataError, prepared.train.split.root) if misfit == "other pictures" else (CheckpointError, "c")
    with pytest.raises(fault) as caught:
        fresh.state.restore(found, "c")
    assert str(caught.value) == f"{where}: {message}"
    assert fresh.everything() == before


def test_tensors_that_do_not_fit_are_named_and_nothing_changed(prepared: Prepared) -> None:
    setup = trained(prepared)
    found = saved(setup)
    last = max(found.tensors)
    fresh = Setup(prepared)
    before = fresh.everything()
    ours = f"{found.tensors[last].dtype} {found.tensors[last].shape}"
    for tensors, message in (
        (
            {k: v for k, v in found.tensors.items() if k != last},
            f"holds no tensor {last}; expected the checkpoint of this very model",
        ),
        (
            {**found.tensors, "zz": np.ones(1, np.float32)},
            "holds a tensor zz that this model has not; expected its own checkpoint",
        ),
        (
            {**found.tensors, last: np.ones((2, 2), np.float32)},
            f"its tensor {last} is float32 (2, 2), but this model's is {ours}",
        ),
        (
            {**found.tensors, last: found.tensors[last].astype(np.float64)},
            f"its tensor {last} is {ours.replace('32', '64')}, but this model's is {ours}",
        ),
    ):
        with pytest.raises(CheckpointError) as caught:
            fresh.state.restore(replace(found, tensors=tensors), "c")
        assert str(caught.value) == f"c: {message}"
        assert fresh.everything() == before


@pytest.mark.parametrize(
    ("monitor", "values", "expected"),
    [
        ("val_accuracy", [0.5, 0.6, 0.6, 0.4], [True, True, False, False]),
        ("train_loss", [0.5, 0.4, 0.4, 0.6], [True, True, False, False]),
        ("val_loss", [-0.5, -0.6], [True, True]),
    ],
)
def test_of_equals_the_first_stays_the_best(monitor: str, values: list[float], expected: list[bool]) -> None:
    best = Best()
    found = []
    for value in values:
        found.append(best.improves(monitor, value))
        if found[-1]:
            best.value = value
    assert found == expected


def test_every_field_is_a_tensor_or_a_part_that_survives(prepared: Prepared) -> None:
    """A field that is neither would be lost at resume, and nothing would say so."""
    assert {row.name for row in fields(State)} == {"prepared", "weights", "optimizer", "average", "snapshot", *PARTS}
    old, new = Setup(prepared).state, Setup(prepared).state
    for number, (name, part) in enumerate(PARTS.items(), 1):
        values = {row.name: OTHER[row.type](number) for row in fields(part)}
        setattr(old, name, part(**values))
        assert getattr(old, name) != getattr(new, name)
    assert old.progress.step == new.progress.step + 1
    found = decode(encode(old.meta({"metrics.csv": 1, "events.jsonl": 2}), old.tensors()), "c")
    new.restore(found, "c")
    for name in PARTS:
        assert getattr(new, name) == getattr(old, name), name
    assert new.optimizer.steps == old.progress.step
    assert new.meta(found.meta["logs"]) == found.meta


NONSENSE: dict[str, tuple[dict[str, Any], str]] = {
    "best is a list": ({"best": []}, "best: expected epoch, step, value, and nothing else"),
    "a step of text": ({"step": "3"}, "step: expected int, got '3'"),
    "two steps": ({"step": 4}, "step is 4, but progress.step 3"),
    "no lengths of logs": ({"logs": {}}, "logs: expected metrics.csv, events.jsonl, and nothing else"),
    "classes that are numbers": ({"classes": [1]}, "classes.0: expected str, got 1"),
    "history of text": ({"history": {"values": ["x"]}}, "history.values.0: expected float, got 'x'"),
}


@pytest.mark.parametrize(("changes", "what"), NONSENSE.values(), ids=NONSENSE)
def test_metadata_of_another_kind_is_an_error_line(prepared: Prepared, changes: dict[str, Any], what: str) -> None:
    found, new = saved(trained(prepared), **changes), Setup(prepared)
    before = new.everything()
    with pytest.raises(CheckpointError) as caught:
        new.state.restore(found, "c")
    assert str(caught.value) == f"c: is not the checkpoint of a training ({what}); use another one"
    assert new.everything() == before


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_state_that_is_not_finite_is_named(prepared: Prepared, value: float) -> None:
    state = trained(prepared).state
    state.check_finite()
    state.tensors()["optimizer/velocity/layers.0.weight"][0] = value
    with pytest.raises(Diverged) as caught:
        state.check_finite()
    what = "optimizer/velocity/layers.0.weight is not finite; try a smaller learning rate"
    assert str(caught.value) == f"diverged at step 3 of epoch 2: {what}"
