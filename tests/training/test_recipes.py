"""Every part of a training that has a state: stopped at any moment and taken up again, it ends with the same bytes."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import CNN, process, results
from PIL import Image
from training.setting_up import document_of, prepared_for

from nettrain.arrays import hash as counter_hash
from nettrain.arrays import interrupt
from nettrain.config.document import Document
from nettrain.errors import ConfigError, Diverged
from nettrain.training.config import Config
from nettrain.training.loop.facts import RolledBack, StartTried
from nettrain.training.loop.loop import Step
from nettrain.training.model_file import load_model
from nettrain.training.run.closing import EpochRow, validate
from nettrain.training.run.opening import begin, named, take_up
from nettrain.training.run.run import Run, RunFact, Stopped
from nettrain.training.run.state import State
from nettrain.training.store import checkpoint

TRAIN = "train: {{epochs: 4, batch_size: 16}}"
STEPS = 4  # an epoch, of 30 pictures each
WILD = "swa: {{start: 1 epochs, lr: 1e25}}, on_nan: rollback, rollback: {{factor: 1e-26}}"
CROP = "    - random_crop: {{padding: 1}}\n"
WEIGHTS = "{{" + ", ".join(f"'{digit}': {digit + 1}" for digit in range(10)) + "}}"
RECIPES = {  # what stands in train beside epochs and batch_size, and how else the config differs
    "accumulate": ("accumulate: 3", ()),
    "ema": ("ema: 0.9", ()),
    "ema, averaged statistics": ("ema: {{decay: 0.9, statistics: averaged, warmup: false}}", ()),
    "swa": ("swa: 0.5", ()),
    "swa with a rate": ("swa: {{start: 2 epochs, lr: 0.02}}", ()),
    "early stopping": ("early_stopping: {{patience: 2, min_delta: 10}}", ()),
    "plateau": ("accumulate: 2", (("cosine: {{warmup: 1 epochs}}", "plateau: {{patience: 1, factor: 0.5}}"),)),
    "lookahead": ("ema: 0.99", (("sgd: {{lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 5e-4}}",
                                 "lookahead: {{optimizer: {{sgd: {{lr: 0.1}}}}, sync: 3}}"),)),
    "class weights and metrics": ("restarts: 2, ema: 0.9", ((
        "seed: 3\n",
        "seed: 3\nloss: {{focal: {{class_weights: balanced}}}}\nmetrics: [macro_f1, auroc, log_loss]\n",
    ),)),
    "mixing": ("accumulate: 2", ((
        CROP,
        CROP + "    - alternating_flip\n    - mixup: 0.4\n    - cutmix: {{p: 0.5}}\n",
    ),)),
    "balanced": ("sampling: balanced, ema: 0.9", ((CROP, CROP + "    - cutmix\n"),)),
    "weighted": (f"sampling: {{{{weighted: {WEIGHTS}}}}}, swa: 0.5, on_nan: rollback", ()),
    "restarts": ("restarts: {{count: 3, epochs: 2}}", ()),
    "restarts, ema, rollback": ("restarts: 2, ema: 0.9, on_nan: rollback", ()),
    "restarts of two epochs, swa, rollback": ("restarts: {{count: 2, epochs: 2}}, swa: 0, on_nan: rollback", ()),
    "rollback": (WILD, ()),
}  # fmt: skip
EVERY = "checkpoint: {{every: 3 steps}}\n"


def nothing(what: str, done: int, total: int) -> None:
    """No report."""


def document(small: Path, train: str, changes: tuple[tuple[str, str], ...] = ()) -> Document[Config]:
    assert TRAIN in CNN
    text = CNN.replace(TRAIN, f"train: {{{{epochs: 4, batch_size: 30, {train}}}}}") + EVERY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return named(document_of(text.format(data=small), small), "c.yaml")


def until(run: Run, moment: int) -> bool:
    """Train up to a fact, then stop as by a signal; False if there are not so many."""
    try:
        for number, _ in enumerate(run.go(), 1):
            if number == moment:
                interrupt.request(15)
    except Stopped:
        return True
    return False


def dropped(run: Run, moment: int) -> None:
    """Train up to a fact, then leave as if killed: nothing more is saved."""
    stream = run.go()
    for _ in range(moment):
        next(stream, None)
    run.save = lambda: False  # type: ignore[method-assign]
    stream.close()


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request: pytest.FixtureRequest, small: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A recipe, its results when nobody stops it, and the facts it told."""
    train, changes = RECIPES[request.param]
    made = document(small, train, changes)
    run = begin(made, nothing, str(tmp_path_factory.mktemp("whole") / "run"))
    facts = list(run.go())
    return made, results(run.folder.path), facts


@pytest.mark.parametrize("moments", [(2, 7, 3), (9, 6)])
def test_a_stopped_recipe_ends_with_the_same_bytes(recipe: Any, tmp_path: Path, moments: tuple[int, ...]) -> None:
    made, expected, _ = recipe
    run = begin(made, nothing, str(tmp_path / "run"))
    for place, moment in enumerate(moments):
        if place % 2:
            dropped(run, moment)
        elif not until(run, moment):
            break
        run = take_up(tmp_path / "run", nothing)
    else:
        list(run.go())
    assert results(tmp_path / "run") == expected


def numbers(run: Run) -> list[dict[str, str]]:
    with open(run.folder.metrics, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def whole(small: Path, folder: Path, train: str, *changes: tuple[str, str]) -> tuple[Run, list[RunFact]]:
    run = begin(document(small, train, changes), nothing, str(folder / "run"))
    return run, list(run.go())


def test_early_stopping_ends_a_run_and_says_why(small: Path, tmp_path: Path) -> None:
    run, facts = whole(small, tmp_path, "early_stopping: {{patience: 2, min_delta: 10}}")
    assert len([fact for fact in facts if isinstance(fact, EpochRow)]) == 3
    found = json.loads(run.folder.run_json.read_text())
    best = float(numbers(run)[0]["val_loss"])
    assert (found["state"], found["reason"]) == (
        "finished",
        f"early stopping after epoch 3: val_loss was no better than {best:.6g} for 2 epochs",
    )
    again = take_up(run.folder.path, nothing, extension=(6, "constant"))
    assert [type(fact) for fact in again.go()].count(EpochRow) == 2  # it waits anew
    assert len(numbers(run)) == 5


def test_the_moving_average_is_what_the_formula_says(small: Path, tmp_path: Path) -> None:
    """Step by step, beside the weights themselves."""
    run = begin(document(small, "ema: 0.6"), nothing, str(tmp_path / "run"))
    state = run.state
    assert state.average is not None
    expected = state.weights.array.astype(np.float64)
    for fact in run.go():
        if isinstance(fact, Step):
            decay = min(0.6, fact.step / (9 + fact.step))
            expected = decay * expected + (1 - decay) * state.weights.array
            np.testing.assert_allclose(state.average.flat.array, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("train", ["ema: 0.9", "ema: {{decay: 0.9, statistics: averaged}}", "swa: 0.25"])
def test_the_best_model_is_the_average_that_was_validated(small: Path, tmp_path: Path, train: str) -> None:
    changes = (
        ("{{every: 3 steps}}", "{{monitor: val_loss}}"),
        ("cosine: {{warmup: 1 epochs}}", "constant: {{warmup: 1 steps}}"),
    )
    run, _ = whole(small, tmp_path, train, *changes)
    assert run.state.average is not None
    model, best = load_model(run.folder.best), run.state.best
    assert best.epoch == 4
    average = run.state.average.state()
    for name, parameter in model.network.parameters.items():
        np.testing.assert_array_equal(parameter.array, average[name])
    for name, array in run.prepared.network.state().items():
        assert not np.array_equal(model.network.state()[name], array), name  # and not the weights that moved on
    with_model = State.fresh(run.prepared)
    for name, array in run.prepared.network.state().items():
        array[...] = model.network.state()[name]
    assert validate(with_model.prepared)["val_loss"] == best.value


def test_swa_is_the_mean_over_the_ends_of_epochs(small: Path, tmp_path: Path) -> None:
    run = begin(document(small, "swa: {{start: 2 epochs, lr: 0.02}}"), nothing, str(tmp_path / "run"))
    ends = []
    rates = set()
    for fact in run.go():
        if isinstance(fact, EpochRow):
            ends.append(run.state.weights.array.copy())
        elif isinstance(fact, Step) and fact.epoch > 2:
            rates.add(fact.lr)
    assert rates == {0.02}
    assert run.state.average is not None
    np.testing.assert_allclose(run.state.average.flat.array, (ends[2] + ends[3]) / 2, rtol=1e-5, atol=1e-7)
    assert (run.state.averaged.models, run.state.averaged.epoch) == (2, 4)


def test_recomputed_statistics_are_those_of_the_pictures(small: Path) -> None:
    """With all pictures in one batch the running statistics are that batch's."""
    text = CNN.replace("batch_size: 16", "batch_size: 120, ema: 0.5").replace("    - dropout: 0.1\n", "")
    state = State.fresh(prepared_for(text.format(data=small), small))
    network = state.prepared.network
    before = {name: buffer.array.copy() for name, buffer in network.buffers.items()}
    with state.shipped(1):
        found = {name: buffer.array.copy() for name, buffer in network.buffers.items()}
    assert all(np.array_equal(network.buffers[name].array, array) for name, array in before.items())
    pictures = state.prepared.normalization.apply(state.prepared.train.take(np.arange(120))).astype(np.float64)
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)))
    weight = network.parameters["layers.0.weight"].array
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))  # (N,P,Q,C,R,S)
    z = np.einsum("npqcrs,rsck->npqk", windows, weight)
    np.testing.assert_allclose(found["layers.0.norm.running_mean"], z.mean((0, 1, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["layers.0.norm.running_var"], z.var((0, 1, 2), ddof=1), rtol=1e-4)


def test_recomputed_statistics_hold_the_variance_between_classes(tmp_path: Path) -> None:
    """Files are in the order of their classes, here dark and bright: a batch must not be of one of them."""
    for place, name in enumerate(("bright", "dark")):
        (tmp_path / name).mkdir()
        for number in range(32):
            pixels = counter_hash.bits(place, "pixels", number, np.arange(64)).astype(np.uint8).reshape(8, 8) // 8
            Image.fromarray(pixels if name == "dark" else 255 - pixels).save(tmp_path / name / f"{number:02}.png")
    text = CNN.replace("    - dropout: 0.1\n", "")
    found = []
    for size in (48, 8):
        made = text.replace("batch_size: 16", f"batch_size: {size}, ema: 0.5").format(data=tmp_path)
        state = State.fresh(prepared_for(made, tmp_path))
        with state.shipped(1):
            found.append(state.prepared.network.buffers["layers.0.norm.running_var"].array.copy())
    np.testing.assert_allclose(found[1] / found[0], 1, atol=0.25)


def test_an_interrupt_while_statistics_are_recomputed_leaves_the_network_as_it_was(small: Path) -> None:
    text = CNN.replace("batch_size: 16", "batch_size: 30, ema: 0.5")
    state = State.fresh(prepared_for(text.format(data=small), small))
    before = {name: id(array) for name, array in state.prepared.network.state().items()}
    interrupt.request(15)
    with pytest.raises(interrupt.Interrupted):
        state.shipped(1).__enter__()
    interrupt.clear()
    assert {name: id(array) for name, array in state.prepared.network.state().items()} == before


def test_a_trial_of_several_epochs_is_the_training_that_follows(small: Path, tmp_path: Path) -> None:
    """What the training averages at the end of each epoch a trial averages too; both know where an epoch began."""
    train = "restarts: {{count: 2, epochs: 2}}, swa: 0, on_nan: rollback"
    run = begin(document(small, train), nothing, str(tmp_path / "run"))
    before, tried, rows = {}, [], []
    for fact in run.go():
        if isinstance(fact, StartTried):
            tried.append(fact)
        elif isinstance(fact, EpochRow):
            rows.append(fact)
        elif isinstance(fact, Step):
            if fact.step == STEPS + 1:
                assert run.state.snapshot is not None
                for name, array in before.items():
                    np.testing.assert_array_equal(run.state.snapshot.tensors[name], array, name)
            before = {name: array.copy() for name, array in run.prepared.network.state().items()}
    chosen = tried[run.state.starts.chosen or 0]
    assert (chosen.train_loss, chosen.val_loss) == (rows[1].end.train_loss, rows[1].val_loss)


def test_a_rollback_begins_the_epoch_again_with_a_smaller_rate(small: Path, tmp_path: Path) -> None:
    run, facts = whole(small, tmp_path, WILD)
    (back,) = [fact for fact in facts if isinstance(fact, RolledBack)]
    assert (back.back_to, back.lr_factor) == (STEPS, 1e-26)
    assert back.step in (STEPS + 1, STEPS + 2)
    told = rf"diverged at step {back.step + 1} of epoch 2: [^;]* is not finite; back to step {STEPS}"
    assert re.fullmatch(rf"{told}, with 1e-26 times the learning rate", str(back))  # and no advice: it goes on
    steps = [fact for fact in facts if isinstance(fact, Step)]
    assert [fact.step for fact in steps] == [*range(1, back.step + 1), *range(STEPS + 1, 4 * STEPS + 1)]
    assert steps[STEPS].loss == steps[back.step].loss  # the same pictures and weights
    assert steps[back.step].lr == pytest.approx(0.1)
    events = [json.loads(line) for line in run.folder.events.read_text().splitlines()]
    assert [event for event in events if event["event"] == "rollback"] == [
        {"event": "rollback", "epoch": 2, "step": back.step, "back_to": STEPS, "lr_factor": 1e-26}
    ]
    assert [row["epoch"] for row in numbers(run)] == ["1", "2", "3", "4"]
    assert json.loads(run.folder.run_json.read_text())["rollbacks"] == [{"step": back.step, "back_to": STEPS}]
    assert sorted(checkpoint.steps(run.folder.checkpoints)) == [15, 16]


def test_when_a_save_comes_changes_no_rollback(small: Path, tmp_path: Path) -> None:
    logs = []
    for every in ("1 steps", "1 epochs"):
        run, _ = whole(small, tmp_path / every[:3], WILD, ("every: 3 steps", f"every: {every}"))
        logs.append((run.folder.events.read_bytes(), run.folder.metrics.read_bytes(), run.folder.best.read_bytes()))
    assert logs[0] == logs[1]


def test_rollbacks_have_an_end(small: Path, tmp_path: Path) -> None:
    run = begin(
        document(small, "on_nan: rollback, rollback: {{factor: 0.5, limit: 2}}", (("lr: 0.1,", "lr: 1e30,"),)),
        nothing,
        str(tmp_path / "run"),
    )
    end = r"is not finite; rolled back 2 times before \(train.rollback.limit\); try a smaller learning rate"
    with pytest.raises(Diverged, match=rf"^diverged at step \d of epoch 1: [^;]* {end}$"):
        list(run.go())
    found = json.loads(run.folder.run_json.read_text())
    assert (found["state"], len(found["rollbacks"])) == ("failed", 2)


def test_starts_are_tried_and_the_best_is_trained(small: Path, tmp_path: Path) -> None:
    run, facts = whole(small, tmp_path, "restarts: {{count: 3, epochs: 2}}")
    tried = [fact for fact in facts if isinstance(fact, StartTried)]
    with open(run.folder.starts, encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [row["start"] for row in table] == ["1", "2", "3"]
    assert len({row["seed"] for row in table}) == 3
    assert table[0]["seed"] == "3"
    assert [float(row["val_loss"]) for row in table] == [fact.val_loss for fact in tried]
    losses = [float(row["val_loss"]) for row in table]
    chosen = losses.index(min(losses))
    assert [row["chosen"] for row in table] == [str(int(place == chosen)) for place in range(3)]
    assert numbers(run)[1]["val_loss"] == table[chosen]["val_loss"]  # the trial, to the bit
    assert numbers(run)[1]["train_loss"] == table[chosen]["train_loss"]
    assert json.loads(run.folder.run_json.read_text())["start"] == chosen + 1
    kinds = [json.loads(line)["event"] for line in run.folder.events.read_text().splitlines()]
    assert (kinds.count("start_step"), kinds.count("start"), kinds.count("step")) == (3 * 2 * STEPS, 3, 4 * STEPS)


def test_a_run_that_stops_in_a_trial_says_where_it_goes_on(small: Path, tmp_path: Path) -> None:
    text = CNN.replace(TRAIN, "train: {{epochs: 4, batch_size: 30, restarts: 3}}").format(data=small)
    run = begin(named(document_of(text, small), "c.yaml"), nothing, str(tmp_path / "run"))
    assert until(run, STEPS + 2)  # the first step of the second start, after the line of the first
    ended = process("resume", "run", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert ended.err.splitlines()[0] == "run: going on from step 1 of start 2"


def test_a_start_that_diverges_is_out(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(document(small, "restarts: 3"), nothing, str(tmp_path / "run"))
    fresh = State.fresh.__func__  # type: ignore[attr-defined]

    def spoilt(cls: type[State], prepared: Any, seed: int | None = None) -> State:
        state: State = fresh(cls, prepared, seed)
        if len(run.state.starts.tried) == 1:  # the second
            state.weights.array[:] = 1e30
        return state

    monkeypatch.setattr(State, "fresh", classmethod(spoilt))
    facts = list(run.go())
    tried = [fact for fact in facts if isinstance(fact, StartTried)]
    assert [fact.val_loss is None for fact in tried] == [False, True, False]
    assert str(tried[1]).endswith("  diverged")
    assert run.folder.starts.read_text().splitlines()[2].endswith(",1,,,0")


def test_if_every_start_diverges_it_is_a_divergence(small: Path, tmp_path: Path) -> None:
    run = begin(document(small, "restarts: 2", (("lr: 0.1,", "lr: 1e30,"),)), nothing, str(tmp_path / "run"))
    with pytest.raises(Diverged) as caught:
        list(run.go())
    assert str(caught.value) == "every one of 2 starts diverged (train.restarts); try a smaller learning rate"
    assert [line[-3:] for line in run.folder.starts.read_text().splitlines()[1:]] == [",,,", ",,,"]
    with pytest.raises(Diverged):
        list(take_up(run.folder.path, nothing).go())


FAULTS = {
    "two averages": ("ema: 0.9, swa: 0.5", "train.swa: there is ema, too, and only one average can be the model; "
                     "leave one of them out"),
    "nothing to average": ("swa: 4 epochs", "train.swa.start: leaves none of the 4 epochs to average, but begins "
                           "after 4"),
    "a start in steps": ("swa: 9 steps", "train.swa.start: expected a share such as 0.75, or whole epochs, got "
                         "9 steps"),
    "rollback without": ("rollback: 0.5", "train.rollback: has no effect when on_nan is stop; set on_nan: rollback, or "
                         "leave it out"),
    "no schedule": ("swa: {{start: 0, lr: 0.02}}", "schedule: has no effect: train.swa.lr is the learning rate from "
                    "the first epoch on; leave it out, or begin later (train.swa.start)"),
    "a long trial": ("restarts: {{count: 2, epochs: 5}}", "train.restarts.epochs: a trial cannot be longer than the "
                     "training of 4 epochs"),
    "one start": ("restarts: 1", "train.restarts.count: must be at least 2, got 1"),
    "no val_loss": ("early_stopping: 3", "train.early_stopping.monitor: there are no validation pictures for val_loss; "
                    "set data.val"),
}  # fmt: skip


@pytest.mark.parametrize(("train", "message"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_is_said(small: Path, tmp_path: Path, train: str, message: str) -> None:
    changes = (("  val: {{from: train, fraction: 0.25}}\n", ""),) if "no validation" in message else ()
    with pytest.raises(ConfigError) as caught:
        begin(document(small, train, changes), nothing, str(tmp_path / "run"))
    assert str(caught.value).split(": ", 1)[1] == message
