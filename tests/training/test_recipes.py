"""Trainings with each optimizer and schedule: they learn, and one that was stopped goes on to the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import MLP, results
from training.setting_up import document_of

from nettrain.arrays import interrupt
from nettrain.errors import ConfigError
from nettrain.optim.schedules.table import SCHEDULES
from nettrain.optim.table import OPTIMIZERS
from nettrain.training.closing import EpochRow
from nettrain.training.opening import begin, named, take_up
from nettrain.training.run import Run, Stopped

OPTIMIZER = "optimizer: {sgd: {lr: 0.1, momentum: 0.9}}"
RECIPES = {  # optimizer, schedule; every kind of both is in one of them
    "rmsprop": ("{rmsprop: {lr: 0.01, momentum: 0.5, centered: true}}", "{step: 3 steps}"),
    "adagrad": ("{adagrad: 0.1}", "{multistep: [4 steps, 6 steps]}"),
    "adadelta": ("adadelta", "constant"),
    "nadam": ("{nadam: 0.01}", "{exponential: 0.5}"),
    "radam": ("{radam: {lr: 0.1, betas: [0.9, 0.9]}}", "linear"),
    "lion": ("{lion: {lr: 0.005, weight_decay: 0.1}}", "{cosine: {warmup: 2 steps}}"),
    "lamb": ("{lamb: {lr: 0.03, no_decay: ['*.bias']}}", "{cosine_restarts: {period: 3 steps, growth: 2}}"),
    "muon": ("{muon: {lr: 0.05, adamw: {lr: 0.01, match: [layers.2.weight]}}}", "onecycle"),
    "lookahead": ("{lookahead: {optimizer: {adam: 0.01}, sync: 3}}", "{plateau: {patience: 0, threshold: 9}}"),
    "groups": (
        "{sgd: {lr: 0.1, clip_norm: 1, groups: [{match: '*.bias', lr: 0.2}, {match: '*.1.*', weight_decay: 0.1}]}}",
        "{plateau: {patience: 0, threshold: 9, factor: 0.5}}",
    ),
    "adamw": ("{adamw: {lr: 0.01, clip_value: 0.001}}", "constant"),
}


def nothing(what: str, done: int, total: int) -> None:
    """Nobody is told."""


def text(name: str, data: Path) -> str:
    optimizer, schedule = RECIPES[name]
    base = MLP.format(data=data)
    assert OPTIMIZER in base
    return base.replace(OPTIMIZER, f"optimizer: {optimizer}\nschedule: {schedule}").replace("epochs: 2", "epochs: 3")


def stop_within_the_second_epoch(run: Run) -> Iterator[None]:
    """Read the run, and ask for a stop after its seventh fact."""
    for number, _ in enumerate(run.go(), 1):
        if number == 7:
            interrupt.request(15)
        yield


def test_every_optimizer_and_schedule_is_in_a_recipe() -> None:
    written = " ".join(f"{optimizer} {schedule}" for optimizer, schedule in RECIPES.values()).replace(
        "linear", "polynomial"
    )
    assert not [kind for kind in (*OPTIMIZERS, *SCHEDULES) if kind not in written]


@pytest.mark.parametrize("name", RECIPES)
def test_it_learns_and_goes_on_to_the_same_bytes(
    name: str, tmp_path: Path, small: Path, threads: Callable[[int], None]
) -> None:
    threads(1)
    document = named(document_of(text(name, small), small), "mlp.yaml")
    whole = begin(document, nothing, str(tmp_path / "whole"))
    losses = [fact.end.train_loss for fact in whole.go() if isinstance(fact, EpochRow)]
    assert losses[-1] < losses[0]
    threads(2)
    stopped = begin(document, nothing, str(tmp_path / "stopped"))
    with pytest.raises(Stopped):
        list(stop_within_the_second_epoch(stopped))
    list(take_up(stopped.folder.path, nothing).go())
    assert results(stopped.folder.path) == results(whole.folder.path)


def test_a_plateau_lowers_the_learning_rate_that_is_logged(tmp_path: Path, small: Path) -> None:
    document = named(document_of(text("groups", small), small), "mlp.yaml")
    run = begin(document, nothing, str(tmp_path / "run"))
    rates = [fact.end.lr for fact in run.go() if isinstance(fact, EpochRow)]
    assert rates == [0.1, 0.1, 0.05]  # the second epoch is the first that could be no better


def test_what_is_clipped_is_the_gradient_of_a_whole_step(tmp_path: Path, small: Path) -> None:
    def losses(batches: str) -> list[float]:
        clipped = MLP.format(data=small).replace(OPTIMIZER, "optimizer: {sgd: {lr: 1, clip_norm: 0.1}}")
        document = named(document_of(clipped.replace("batch_size: 32", batches), small), "mlp.yaml")
        run = begin(document, nothing, str(tmp_path / batches.replace(" ", "")))
        return [fact.end.train_loss for fact in run.go() if isinstance(fact, EpochRow)]

    assert losses("batch_size: 16, accumulate: 2") == pytest.approx(losses("batch_size: 32"), rel=1e-4)


FAULTS = [
    (
        "{sgd: {lr: 0.1, groups: [{match: '*.bais', lr: 1}]}}",
        "config.yaml:10:45: optimizer.sgd.groups.0.match: '*.bais' matches no parameter; the parameters are "
        "layers.1.weight, layers.1.bias, layers.2.weight, layers.2.bias",
    ),
    (
        "{lookahead: {optimizer: {adamw: {no_decay: [norm]}}}}",
        "config.yaml:10:56: optimizer.lookahead.optimizer.adamw.no_decay.0: 'norm' matches no parameter; the "
        "parameters are layers.1.weight, layers.1.bias, layers.2.weight, layers.2.bias",
    ),
    (
        "{muon: {adamw: {match: ['*.bias']}}}",
        "config.yaml:10:36: optimizer.muon.adamw.match.0: '*.bias' matches no matrix, and all else is AdamW's anyway; "
        "leave it out",
    ),
]


@pytest.mark.parametrize(("optimizer", "message"), FAULTS)
def test_a_pattern_without_effect_is_an_error_at_its_place(
    optimizer: str, message: str, tmp_path: Path, small: Path
) -> None:
    base = MLP.format(data=small).replace(OPTIMIZER, f"optimizer: {optimizer}")
    with pytest.raises(ConfigError) as caught:
        begin(named(document_of(base, small), "mlp.yaml"), nothing, str(tmp_path / "run"))
    assert str(caught.value) == message
