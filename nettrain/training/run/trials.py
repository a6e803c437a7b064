"""Several starts, tried one after the other in a run that is open, before its training proper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from nettrain.errors import SMALLER_RATE, Diverged
from nettrain.files import whole
from nettrain.training.loop.facts import Saved, StartTried
from nettrain.training.loop.loop import EpochClosed, EpochEnd, Fact, Step
from nettrain.training.loop.starts import RestartsConfig, seed_of
from nettrain.training.loop.time_limit import TimeLimit
from nettrain.training.run.closing import validate
from nettrain.training.run.run_logs import RunLogs
from nettrain.training.run.state import State
from nettrain.training.store.run_folder import RunFolder


class Training(Protocol):
    """What trials need of a run that is open; ``state`` is another one for each start."""

    state: State
    folder: RunFolder
    logs: RunLogs

    def facts_of(self, epochs: int, limit: TimeLimit | None, event: str, **more: object) -> Iterator[Fact | Saved]: ...

    def save(self) -> bool: ...

    def save_if_due(self) -> None: ...


def try_starts(run: Training, settings: RestartsConfig, limit: TimeLimit | None) -> Iterator[Step | Saved | StartTried]:
    """Try those starts that were not tried yet, and choose; afterwards the run's state is the chosen start's first.

    Errors   ``Diverged`` if every start diverges; those of ``Run.go``.
    """
    seed = run.state.config.seed
    while run.state.starts.chosen is None and len(run.state.starts.tried) < settings.count:
        start = len(run.state.starts.tried)
        losses: tuple[float | None, float | None] = None, None
        try:
            for fact in run.facts_of(settings.epochs, limit, "start_step", start=start + 1):
                match fact:
                    case EpochEnd():
                        run.state.check_finite()
                        run.state.average_epoch(fact.epoch)
                        if fact.epoch == settings.epochs:
                            losses = fact.train_loss, _val_loss(run.state, fact)
                    case EpochClosed() if fact.epoch < settings.epochs:
                        run.state.epoch_begins()
                        run.save_if_due()
                    case Step() | Saved():
                        yield fact
        except Diverged:
            losses = None, None
        told = StartTried(start + 1, settings.count, seed_of(seed, start), *losses)
        run.logs.events.event("start", start=told.start, seed=told.seed, **_known(told))
        starts = run.state.starts
        starts.add(told.seed, *losses, settings.epochs * run.state.prepared.steps_per_epoch)
        if len(starts.tried) == settings.count:
            starts.chosen = starts.best()
        _begin(run, seed_of(seed, len(starts.tried) if starts.chosen is None else starts.chosen))
        run.save()
        yield told
    starts = run.state.starts
    whole.write_atomic(run.folder.starts, starts.table(settings.epochs).encode())
    if starts.chosen is None:
        raise Diverged(f"every one of {settings.count} starts diverged (train.restarts)", cure=SMALLER_RATE)


def _begin(run: Training, seed: int) -> None:
    """The state before the first step, of another start; what was tried is known to it."""
    old = run.state
    run.state = State.fresh(run.state.prepared, seed)
    run.state.starts, run.state.lineage = old.starts, old.lineage


def _known(told: StartTried) -> dict[str, float]:
    numbers = {"train_loss": told.train_loss, "val_loss": told.val_loss}
    return {name: value for name, value in numbers.items() if value is not None}


def _val_loss(state: State, end: EpochEnd) -> float | None:
    """The loss of validation after a trial, finite. Errors: ``Diverged``."""
    with state.shipped(end.epoch):
        loss = validate(state.prepared).get("val_loss")
    if loss is not None and not abs(loss) < float("inf"):
        raise Diverged(f"val_loss is {loss}", cure="expected a finite number")
    return loss
